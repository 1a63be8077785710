"""The facts that domains and plugins declare, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

from tessera.kernel.plugins import host
from tessera_hooks import Fact

SQL_TYPES = {
    "number": "numeric",
    "text": "text",
    "texts": "text[]",
    "yes_no": "boolean",
    "date": "date",
    "moment": "timestamptz",
}
"""How a fact of each type is compared in PostgreSQL."""


_providers: list[Callable[[], Iterable[Fact]]] = []


def register_facts(provide: Callable[[], Iterable[Fact]]) -> None:
    """Let a room above bring facts that come and go while Tessera runs; asked at each use, so from memory."""
    if provide not in _providers:
        _providers.append(provide)


def known_facts() -> Mapping[str, Fact]:
    """Every declared fact, of enabled and disabled plugins alike, and those that rooms bring as they run."""
    declared = {declared.value.name: declared.value for declared in host().declared("facts")}
    return {**declared, **{fact.name: fact for provide in _providers for fact in provide()}}


def nearest(name: str, known: Mapping[str, Fact]) -> str | None:
    """The fact that was perhaps meant; ``None`` where nothing is close."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.4)), None)
