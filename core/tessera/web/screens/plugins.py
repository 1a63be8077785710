"""Settings of plugins: where each is on, what follows from a change, and what a plugin lets one set."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel import generation
from tessera.kernel.business import setting
from tessera.kernel.errors import DomainError, FieldError, Invalid, NotFound
from tessera.kernel.plugins import Plugin, host
from tessera.kernel.plugins.placement import OFF, Where, consequences
from tessera.kernel.plugins.state import PluginMoved, change_plugin_settings, enable_in
from tessera.kernel.plugins.survey import Standing, Surveyed, standings
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import plugin_words as words
from tessera.web.setting_fields import WAS, SettingField, filled_in, read_settings, setting_fields
from tessera_hooks import _

LIST = "web/settings/plugins.html"
AGREE = "web/settings/plugin_agree.html"
ONE = "web/settings/plugin.html"


def installed(name: str) -> Plugin:
    """An installed plugin by its name."""
    plugin = host().plugins.get(name)
    if plugin is None:
        raise NotFound(_('No plugin "{name}" is installed here.', name=name), plugin=name)
    return plugin


async def _list_context(refused: str = "", form: Form | None = None) -> dict[str, Any]:
    rows: list[Standing] = await standings(Surveyed(host(), {}))
    return {
        "here": [words.Card.of(host(), row) for row in rows if row.installed],
        "gone": [row for row in rows if not row.installed],
        "stores": words.store_choices(),
        "refused": refused,
        "form": form,
    }


@get("/settings/plugins", permission="settings.write")
async def list_plugins() -> Template:
    """Every plugin that is installed or known: what it brings, and where it is on."""
    return Template(LIST, context=await _list_context())


@post("/settings/plugins/{name:str}/where", permission="settings.write")
async def place_plugin(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Switch a plugin on in exactly the stores that were chosen; what takes others along is asked first."""
    plugin, form = installed(name), await read_form(request)
    try:
        wanted, was = chosen(form), seen(form["seen"])
        following = consequences(host(), name, wanted, host().where)
        if form["agreed"] != "yes" and words.must_ask(name, following, host().where):
            return Template(AGREE, context=_asking(plugin, form, wanted, following))
        await enable_in(name, wanted, was=was)
    except DomainError as refusal:
        await generation.refresh()
        return shown_again(LIST, form, refusal, await _list_context(name, form))
    return done("/settings/plugins", words.placed_sentence(plugin, wanted))


def chosen(form: Form) -> Where:
    """The stores that were chosen; ``None`` for everywhere."""
    if form["where"] == "all":
        return None
    if form["where"] == "off":
        return OFF
    ids = {store.code: store.id for store in words.stores()}
    unknown = [code for code in form.all("stores") if code not in ids]
    if form["where"] != "stores" or unknown or not form.all("stores"):
        said = _("Choose at least one store, or choose everywhere or off.")
        raise Invalid(said, [FieldError("stores", said)])
    return frozenset(ids[code] for code in form.all("stores"))


def seen(told: str) -> Where:
    """Where the plugin was on when the page was opened, as the page told it."""
    if told in ("all", "off"):
        return None if told == "all" else OFF
    ids = {store.code: store.id for store in words.stores()}
    codes = told.split(",")
    if not set(codes) <= set(ids):
        raise PluginMoved(_("Someone else changed this meanwhile: look at it again."))
    return frozenset(ids[code] for code in codes)


def _asking(plugin: Plugin, form: Form, wanted: Where, following: dict[str, Where]) -> dict[str, Any]:
    return {
        "plugin": plugin,
        "form": form,
        "wanted": wanted,
        "is_off": wanted == OFF,
        "steps": words.steps(host(), plugin.name, following),
    }


def _fields(plugin: Plugin) -> list[SettingField]:
    struct = plugin.manifest.settings
    fields = setting_fields(struct) if struct is not None else []
    if not fields:
        raise NotFound(_("{title} has nothing to set.", title=plugin.manifest.title), plugin=plugin.name)
    return fields


@get("/settings/plugins/{name:str}", permission="settings.write", sync_to_thread=False)
def show_settings(name: FromPath[str]) -> Template:
    """What a plugin lets one set."""
    plugin = installed(name)
    fields = _fields(plugin)
    form = filled_in(fields, setting(f"{name}.settings", {}))
    return Template(ONE, context={"plugin": plugin, "fields": fields, "form": form, "WAS": WAS})


@post("/settings/plugins/{name:str}", permission="settings.write")
async def change_settings(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Change what a plugin lets one set; nothing is saved unless all of it fits."""
    plugin, form = installed(name), await read_form(request)
    fields = _fields(plugin)
    try:
        await _save(plugin, read_settings(fields, form))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, {"plugin": plugin, "fields": fields, "WAS": WAS})
    return done("/settings/plugins", _("The settings of {title} were saved.", title=plugin.manifest.title))


async def _save(plugin: Plugin, values: dict[str, Any]) -> None:
    try:
        if values:
            await change_plugin_settings(plugin.name, values)
    except msgspec.ValidationError as wrong:
        said = wrong.__cause__.args[0] if isinstance(wrong.__cause__, ValueError) else str(wrong)
        raise Invalid(said) from wrong


handlers = [list_plugins, place_plugin, show_settings, change_settings]
