"""Letting whoever listens hear of what has happened."""

from __future__ import annotations

from tessera.kernel import dispatcher, reactions


async def told() -> None:
    """Let reactions hear of all that has happened."""
    await dispatcher.drain()
    while await reactions.deliver_all():
        pass
