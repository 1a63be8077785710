"""Who is told, within the transaction, that the kernel's own rows were changed: the audit, which lies above."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Witness(Protocol):
    """Told of a change as a code, the names of what was changed, and codes or numbers beside."""

    async def __call__(
        self, action: str, *, fields: list[str], store: UUID | None, **facts: str | int | bool | None
    ) -> None:
        """Take note, in the running unit of work."""
        ...


_witnesses: list[Witness] = []


def register(witness: Witness) -> None:
    """Tell ``witness`` from here on; once registered, once told."""
    if witness not in _witnesses:
        _witnesses.append(witness)


async def changed(
    action: str, *, fields: list[str] | None = None, store: UUID | None = None, **facts: str | int | bool | None
) -> None:
    """Say that something was changed; called inside the unit of work that changes it."""
    for witness in _witnesses:
        await witness(action, fields=fields or [], store=store, **facts)
