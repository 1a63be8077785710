"""Plugins in words: what one brings, where it is on, and what comes along or rests with a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tessera.access import service
from tessera.access.service import StoreFacts
from tessera.kernel.plugins import Plugin, PluginHost
from tessera.kernel.plugins.placement import OFF, Where, loses
from tessera.kernel.plugins.survey import Standing
from tessera.kernel.texts import current_locale, translate
from tessera.web.forms import Form
from tessera.web.setting_fields import setting_fields
from tessera_hooks import Text, _

NAMED = 6
"""How many of a plugin's things of one kind are named; the rest is counted."""


def stores() -> list[StoreFacts]:
    """All stores, closed ones too, by name."""
    return list(service.stores())


def store_choices() -> list[tuple[str, str]]:
    """The open stores by code."""
    return [(store.code, store.name) for store in stores() if store.active]


def names_of(where: Where) -> Text | str:
    """Where something is on, in words."""
    if where is None:
        return _("everywhere")
    if not where:
        return _("off")
    return joined([store.name for store in stores() if store.id in where])


def joined(parts: Sequence[str]) -> str:
    """Names in a row, as the language in force writes them."""
    return ("、" if current_locale() == "zh_Hans" else ", ").join(parts)


def told(where: Where) -> str:
    """Where something is on, as the page tells it back: ``all``, ``off`` or codes."""
    if where is None:
        return "all"
    return ",".join(sorted(store.code for store in stores() if store.id in where)) or "off"


def _counted(hook: str, n: int) -> Text:
    one, many = {
        "record_types": (_("1 record type"), _("{n} record types", n=n)),
        "rules": (_("1 rule"), _("{n} rules", n=n)),
        "message_templates": (_("1 message"), _("{n} messages", n=n)),
        "screens": (_("1 page"), _("{n} pages", n=n)),
    }[hook]
    return one if n == 1 else many


def brings(host: PluginHost, name: str) -> list[tuple[Text, str]]:
    """What a plugin brings, kind by kind: how many, and how they are called."""
    found = []
    for hook in ("record_types", "rules", "message_templates", "screens"):
        titles = [translate(d.value.title) for d in host.declared(hook) if d.plugin == name]
        more = ["…"] if len(titles) > NAMED else []
        if titles:
            found.append((_counted(hook, len(titles)), joined([*titles[:NAMED], *more])))
    return found


def titles(host: PluginHost, names: Sequence[str]) -> str:
    """Plugins by their titles."""
    return joined([translate(host.plugins[name].manifest.title) for name in names])


@dataclass(frozen=True)
class Card:
    """An installed plugin on the list; ``told`` is what the form tells back of where it is on now."""

    plugin: Plugin
    where: Where
    removed: bool
    brings: list[tuple[Text, str]]
    requires: str
    along: str
    required_by: str
    has_settings: bool

    @classmethod
    def of(cls, host: PluginHost, row: Standing) -> Card:
        """The card of a plugin as it stands."""
        plugin = host.plugins[row.name]
        where: Where = None if row.stores is None else frozenset(row.stores)
        struct = plugin.manifest.settings
        return cls(
            plugin=plugin,
            where=where,
            removed=row.removed,
            brings=brings(host, row.name),
            requires=titles(host, plugin.manifest.requires),
            along=titles(host, [n for n in host.with_required(row.name)[:-1] if not host.enabled(n)]),
            required_by=titles(host, host.requiring(row.name)[:-1]),
            has_settings=struct is not None and bool(setting_fields(struct)),
        )

    @property
    def told(self) -> str:
        """Where it is on, for the form to tell back."""
        return told(self.where)

    @property
    def state(self) -> Text | str:
        """Where it is on, in a word or two."""
        if self.where is None:
            return _("On everywhere")
        if not self.where:
            return _("Off")
        return _("On in 1 store") if len(self.where) == 1 else _("On in {n} stores", n=len(self.where))

    @property
    def on_in(self) -> str:
        """The stores it is on in, by name; nothing where it is on everywhere or off."""
        return str(names_of(self.where)) if self.where else ""

    @property
    def form(self) -> Form:
        """The choice as it stands."""
        codes = [store.code for store in stores() if self.where and store.id in self.where]
        return Form.of(where="all" if self.where is None else "stores" if codes else "off", stores=codes)

    def choices(self) -> list[tuple[str, str]]:
        """The stores it can be switched on in: the open ones, and a closed one in which it is on."""
        on = self.where or OFF
        return [(store.code, store.name) for store in stores() if store.active or store.id in on]


@dataclass(frozen=True)
class Step:
    """What a change does to one plugin."""

    title: Text | str
    is_itself: bool
    before: Text | str
    after: Text | str
    rests: bool
    brings: list[tuple[Text, str]]


def must_ask(name: str, following: Mapping[str, Where], now: Mapping[str, Where]) -> bool:
    """Whether a change is asked about first: it takes something away, or others change with it."""
    return any(plugin != name or loses(now.get(plugin, OFF), where) for plugin, where in following.items())


def steps(host: PluginHost, name: str, following: Mapping[str, Where]) -> list[Step]:
    """What a change does, plugin by plugin, itself first."""
    order = sorted(following, key=lambda plugin: plugin != name)
    return [
        Step(
            title=host.plugins[plugin].manifest.title,
            is_itself=plugin == name,
            before=names_of(host.where.get(plugin, OFF)),
            after=names_of(following[plugin]),
            rests=loses(host.where.get(plugin, OFF), following[plugin]),
            brings=brings(host, plugin),
        )
        for plugin in order
    ]


def placed_sentence(plugin: Plugin, where: Where) -> Text:
    """What is said after a change."""
    title = plugin.manifest.title
    if where is None:
        return _("{title} is on everywhere.", title=title)
    if not where:
        return _("{title} is off. Nothing was lost.", title=title)
    return _("{title} is on in {stores}.", title=title, stores=names_of(where))
