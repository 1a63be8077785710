"""API keys: made and shown once, recognised by their SHA-256, taken back at any time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit, sealing
from tessera.access.actor import Actor, Grant, actor
from tessera.access.service.roles import check_permissions, refuse_beyond
from tessera.access.service.stores import check_name
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Forbidden, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera_hooks import _

PREFIX = "tsr_"
REMEMBER = 5.0
"""Seconds for which a key that was recognised is not looked up again; a revoked one is gone at once here
and, through the generation, within a moment elsewhere."""

MOST_REMEMBERED = 1000
"""Recognised keys that are remembered; one that is not known never is."""

NOTE_EVERY = timedelta(minutes=5)
"""How old the moment may be at which a key was last used."""


@dataclass(frozen=True)
class KeyFacts:
    """An API key as people see it; never the key."""

    id: UUID
    name: str
    prefix: str
    permissions: Sequence[str]
    stores: Sequence[UUID] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


_known: dict[bytes, tuple[float, Actor, datetime | None]] = {}


async def forget_known() -> None:
    """Look every key up again; what is being looked up at this moment is not remembered either."""
    global _known
    _known = {}


generation.on_change(forget_known)


async def add_key(
    name: str,
    permissions: Sequence[str],
    *,
    store: UUID | None = None,
    stores: Sequence[UUID] = (),
    expires_at: datetime | None = None,
) -> str:
    """Make a key and answer it: this is the only time that anyone sees it.

    It holds in ``store`` and ``stores``; where none is given, in every one.
    """
    name, permissions = check_name(name), check_permissions(permissions)
    held = list(dict.fromkeys([*([store] if store is not None else []), *stores])) or None
    managed = _managed()
    if managed is not None and (held is None or not set(held) <= set(managed)):
        raise Forbidden(_("You may make keys only for the stores whose staff you manage."))
    everywhere: list[UUID | None] = [None]
    for place in held or everywhere:
        refuse_beyond(actor(), permissions, place)
    if expires_at is not None and expires_at <= clock.now():
        message = _("this day has passed already")
        raise Invalid(message, [FieldError("expires", message)])
    key, id_ = PREFIX + secrets.token_urlsafe(32), uuid7()

    async def work() -> str:
        await execute(
            "INSERT INTO api_key (id, name, key_hash, prefix, permissions, store, stores, created_by, created_at, "
            "expires_at) VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)",
            id_,
            name,
            sealing.digest(key),
            key[:12],
            msgspec.json.encode(permissions).decode(),
            held[0] if held else None,
            held,
            actor().staff_id,
            clock.now(),
            expires_at,
        )
        here = held[0] if held else None
        await audit.note("access.key_made", subject=("api_key", id_), store=here, fields=permissions)
        return key

    return await in_transaction(work)


async def recognise(key: str) -> Actor | None:
    """The program that holds a key; ``None`` when there is no such key, or it has ended."""
    digest = sealing.digest(key)
    memory = _known
    known = memory.get(digest)
    now = clock.now()
    if known is not None and known[0] > time.monotonic():
        return known[1] if known[2] is None or known[2] > now else None
    row = await fetchrow(
        "SELECT id, name, permissions, stores, expires_at, last_used_at FROM api_key "
        "WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        digest,
        now,
    )
    if row is None:
        memory.pop(digest, None)
        return None
    if row["last_used_at"] is None or now - row["last_used_at"] > NOTE_EVERY:
        await execute("UPDATE api_key SET last_used_at = $2 WHERE id = $1", row["id"], now)
    someone = _actor_of(row)
    if len(memory) > MOST_REMEMBERED:
        memory.clear()
    memory[digest] = (time.monotonic() + REMEMBER, someone, row["expires_at"])
    return someone


def _actor_of(row: Any) -> Actor:
    stores, permissions = row["stores"], tuple(row["permissions"])
    grants = tuple(Grant(permissions, store) for store in stores or [None])
    here = stores[0] if stores is not None and len(stores) == 1 else None
    return Actor("key", row["name"], grants, key_id=row["id"], store=here)


_MANAGED = "(${0}::uuid[] IS NULL OR stores <@ ${0})"


def _managed() -> list[UUID] | None:
    """The stores whose keys the actor manages; ``None`` means every one, and the keys that hold everywhere."""
    stores = actor().stores_with("staff.write")
    return None if stores is None else list(stores)


async def revoke(key: UUID) -> None:
    """Take a key of a store that one manages back; history keeps its name."""

    async def work() -> None:
        if not await execute(
            f"UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND {_MANAGED.format(3)}",
            key,
            clock.now(),
            _managed(),
        ):
            raise NotFound(_("there is no such key"))
        await audit.note("access.key_revoked", subject=("api_key", key))
        await generation.bump()

    await in_transaction(work)
    await forget_known()


async def list_keys() -> list[KeyFacts]:
    """The keys that work in the stores that one manages, newest first."""
    rows = await fetch(
        "SELECT id, name, prefix, permissions, stores, created_at, expires_at, last_used_at FROM api_key "
        f"WHERE revoked_at IS NULL AND {_MANAGED.format(1)} ORDER BY created_at DESC",
        _managed(),
    )
    return [KeyFacts(**dict(row)) for row in rows]


async def keys_made_by(staff: UUID) -> list[KeyFacts]:
    """The keys that someone made and that still work, of those that the actor manages."""
    rows = await fetch(
        "SELECT id, name, prefix, permissions, stores, created_at, expires_at, last_used_at FROM api_key "
        f"WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) AND created_by = $1 "
        f"AND {_MANAGED.format(3)} ORDER BY created_at DESC",
        staff,
        clock.now(),
        _managed(),
    )
    return [KeyFacts(**dict(row)) for row in rows]
