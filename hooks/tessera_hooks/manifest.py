"""What a plugin says of itself before any of its code runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from tessera_hooks.texts import Text

API = 1
"""The contract's present number."""

OLDEST_API = 1
"""The oldest number that the host still accepts; one version before it is dropped, the host warns."""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}\Z")

RESERVED_NAMES = frozenset(
    {
        "core",
        "public",
        "tessera",
        "api",
        "static",
        "health",
        "setup",
        "members",
        "pg_catalog",
        "information_schema",
    }
)


@dataclass(frozen=True)
class Manifest:
    """A plugin's name, title and needs.

    ``name`` is the prefix of everything the plugin owns: its PostgreSQL schema, URLs, permissions,
    events, templates, settings. ``api`` is the number of the contract it was written for. ``requires``
    names the plugins it builds on. ``settings`` is a msgspec struct whose fields all have defaults; its
    page is made from it, with what ``msgspec.Meta`` says of a field: ``title``, ``description``, bounds,
    ``extra`` with ``unit``, ``choices``, ``wrong``. A value that must never be used is refused there, by
    a pattern or a ``ValueError`` from ``__post_init__``.
    ``hookspecs`` names a module in which the plugin publishes hook specifications of its own.
    """

    name: str
    title: str | Text
    api: int = API
    version: str = "0"
    requires: tuple[str, ...] = ()
    settings: type[msgspec.Struct] | None = None
    hookspecs: str | None = None
    description: str | Text = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or self.name in RESERVED_NAMES or self.name.startswith("pg_"):
            raise ValueError(
                f'plugin name "{self.name}" cannot be used: choose 2 to 40 lower-case letters, digits and '
                "underscores, beginning with a letter, that is not one of Tessera's own words"
            )
        if self.name in self.requires:
            raise ValueError(f'plugin "{self.name}" requires itself: take it out of requires')
