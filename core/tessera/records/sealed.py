"""Sensitive words at rest: unreadable in the database, whatever column of bytes or text a plugin keeps them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tessera.access import sealing
from tessera.access.service.rotation import SealedColumn, register_more_sealed
from tessera.kernel.plugins import host
from tessera.records.kinds import Kind, kinds


def stored(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the columns hold them."""
    return {name: _stored(kind, name, value) for name, value in values.items()}


def _stored(kind: Kind, name: str, value: Any) -> Any:
    if value is None or name not in kind.sealed:
        return value
    return sealing.seal_in_text(value) if kind.sealed[name] == "text" else sealing.seal(value)


def opened(kind: Kind, name: str, value: Any) -> Any:
    """A column's value as people gave it."""
    if value is None or name not in kind.sealed:
        return value
    return sealing.unseal_in_text(value) if kind.sealed[name] == "text" else sealing.unseal_text(bytes(value))


def sealed_columns() -> Iterable[SealedColumn]:
    """The columns of every record type that hold seals; words from before they were sealed are sealed too."""
    for kind in kinds(host()):
        for name, at_rest in kind.sealed.items():
            yield SealedColumn(kind.table, f'"{name}"', shape="text" if at_rest == "text" else "bytes")


register_more_sealed(sealed_columns)
