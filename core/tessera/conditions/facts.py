"""The facts that domains and plugins declare, by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from tessera.kernel.plugins import host
from tessera_hooks import Fact

SQL_TYPES = {
    "number": "numeric",
    "text": "text",
    "yes_no": "boolean",
    "date": "date",
    "moment": "timestamptz",
}
"""How a fact of each type is compared in PostgreSQL."""


def known_facts() -> Mapping[str, Fact]:
    """Every declared fact, of enabled and disabled plugins alike."""
    return {declared.value.name: declared.value for declared in host().declared("facts")}


def nearest(name: str, known: Mapping[str, Fact]) -> str | None:
    """The fact that was perhaps meant; ``None`` where nothing is close."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.4)), None)
