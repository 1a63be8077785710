"""What a person can go to: the screens that were declared, less those they may not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tessera.access.actor import Actor
from tessera.kernel.plugins import Declared, host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import Screen, Text, _

ON_PHONE = 4
"""How many entries the bar at a phone's lower edge has; the rest is behind "More"."""

HOME = "/"
"""The first page, which comes first."""

SETTINGS = "/settings"


@dataclass(frozen=True)
class Entry:
    """One place to go to."""

    title: Text
    icon: str
    url: str
    on_phone: bool = False

    def holds(self, path: str) -> bool:
        """Whether a page stands at this entry's address or below it."""
        return path == self.url or (self.url != HOME and path.startswith(self.url + "/"))


@dataclass(frozen=True)
class Section:
    """Entries that belong together; a plugin's carry its title."""

    title: Text | str | None
    entries: Sequence[Entry]


def url_of(declared: Declared[Screen]) -> str:
    """Where a screen is: its own path, or that of its first handler, below its plugin."""
    screen = declared.value
    path = screen.path or next((sorted(handler.paths)[0] for handler in screen.handlers), "")
    if declared.plugin == CORE:
        return "/" + path.strip("/")
    return f"/{declared.plugin}/{path.strip('/')}".rstrip("/")


def permission_of(declared: Declared[Screen]) -> str:
    """The full name of the permission that a screen needs; a plugin's may leave out its own name."""
    permission = declared.value.permission
    return permission if "." in permission or declared.plugin == CORE else f"{declared.plugin}.{permission}"


def may_open(someone: Actor, declared: Declared[Screen]) -> bool:
    """Whether a person may go to a screen where they work now."""
    return someone.may(permission_of(declared)) and host().enabled(declared.plugin, someone.store)


def sections(someone: Actor) -> list[Section]:
    """The whole navigation of a person: the core, each plugin, and settings last."""
    by_owner: dict[str, list[Entry]] = {}
    last: list[Entry] = []
    for declared in host().declared("screens"):
        if not may_open(someone, declared):
            continue
        screen: Screen = declared.value
        entry = Entry(screen.title, screen.icon, url_of(declared), screen.on_phone)
        if entry.url.startswith(SETTINGS):
            last.append(entry)
        else:
            by_owner.setdefault(declared.plugin, []).append(entry)
    core = Section(None, sorted(by_owner.pop(CORE, []), key=lambda entry: entry.url != "/"))
    plugins = [Section(host().plugins[owner].manifest.title, entries) for owner, entries in by_owner.items()]
    settings = [Section(_("Settings"), last)] if last else []
    return [section for section in [core, *plugins, *settings] if section.entries]


def current(entries: Iterable[Entry], path: str) -> Entry | None:
    """The entry that a page belongs to: of those above it the nearest, so that only one is marked."""
    return max((entry for entry in entries if entry.holds(path)), key=lambda entry: len(entry.url), default=None)


def every(all_sections: Iterable[Section]) -> list[Entry]:
    """All entries of a navigation, one after another."""
    return [entry for section in all_sections for entry in section.entries]


def phone_bar(all_sections: Sequence[Section]) -> list[Entry]:
    """The few entries at a phone's lower edge: those declared for it, then the first others."""
    known = every(all_sections)
    chosen = [entry for entry in known if entry.on_phone]
    chosen += [entry for entry in known if not entry.on_phone and not entry.url.startswith(SETTINGS)]
    return chosen[:ON_PHONE]
