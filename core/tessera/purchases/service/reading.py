"""Purchases as they are read: lists for programs and pages, and one with all its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow
from tessera.members.service import members_seen, survivor_of
from tessera.purchases.service.contract import PurchaseUnknown
from tessera_hooks import _


@dataclass(frozen=True)
class LineFacts:
    """A line of a purchase."""

    id: UUID
    sku: str | None
    name: str | None
    category: str | None
    quantity: Decimal
    unit_price: Decimal | None
    amount: int
    returned: Decimal


@dataclass
class PurchaseFacts:
    """A purchase; ``returned`` is how much of the amount has come back."""

    id: UUID
    source: str
    external_id: str
    member: UUID | None
    store: UUID | None
    at: datetime
    currency: str
    amount: int
    discount: int
    returned: int
    origin: str
    lines: Sequence[LineFacts] = field(default=())


@dataclass(frozen=True)
class ReturnFacts:
    """A return."""

    id: UUID
    source: str
    external_id: str
    purchase: UUID | None
    at: datetime
    currency: str
    amount: int
    store: UUID | None


PERMISSION = "purchases.read"

_SEEN = (
    "(${0}::uuid[] IS NULL OR p.store = ANY(${0}) OR EXISTS "
    "(SELECT 1 FROM member_staff r WHERE r.member = p.member AND r.staff = ANY(${0})))"
)
"""Purchases of one's stores, and those of the members one is responsible for; the argument is ``members_seen``."""

_SELECT = (
    "SELECT p.id, p.source, p.external_id, p.member, p.store, p.at, p.currency, p.amount, p.discount, p.returned, "
    "p.origin FROM purchase p "
)

_LIST = f"""
{_SELECT} WHERE ($1::uuid IS NULL OR p.member = $1) AND ($2::text IS NULL OR p.source = $2)
  AND ($3::text IS NULL OR p.external_id = $3) AND {_SEEN.format(4)}
  AND ($5::timestamptz IS NULL OR (p.at, p.id) < ($5, $6::uuid))
ORDER BY p.at DESC, p.id DESC LIMIT $7
"""


async def purchases(
    *,
    member: UUID | None = None,
    source: str | None = None,
    external_id: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[PurchaseFacts]:
    """Purchases of the actor's stores with their lines, the latest first; ``before`` is the last one seen."""
    if any("\x00" in text for text in (source, external_id) if text is not None):
        return []
    last = await fetchrow("SELECT at, id FROM purchase WHERE id = $1", before) if before is not None else None
    rows = await fetch(
        _LIST,
        await survivor_of(member) if member is not None else None,
        source,
        external_id,
        members_seen(PERMISSION),
        last["at"] if last else None,
        last["id"] if last else None,
        limit,
    )
    return await _with_lines(rows)


async def latest(member: UUID, limit: int = 5) -> list[PurchaseFacts]:
    """A member's last purchases in the actor's stores, without their lines."""
    rows = await fetch(_LIST, member, None, None, members_seen(PERMISSION), None, None, limit)
    return [PurchaseFacts(**dict(row)) for row in rows]


async def purchase(id_: UUID) -> PurchaseFacts:
    """One purchase in the actor's stores."""
    row = await fetchrow(f"{_SELECT} WHERE p.id = $1 AND {_SEEN.format(2)}", id_, members_seen(PERMISSION))
    if row is None:
        raise PurchaseUnknown(_("There is no such purchase."))
    return (await _with_lines([row]))[0]


async def returns_of(id_: UUID) -> list[ReturnFacts]:
    """The returns of a purchase, the first first."""
    rows = await fetch(
        "SELECT id, source, external_id, purchase, at, currency, amount, store FROM purchase_return "
        "WHERE purchase = $1 ORDER BY at, id",
        id_,
    )
    return [ReturnFacts(**dict(row)) for row in rows]


async def _with_lines(rows: Sequence[Any]) -> list[PurchaseFacts]:
    lines: dict[UUID, list[LineFacts]] = {row["id"]: [] for row in rows}
    for row in await fetch(
        "SELECT purchase, id, sku, name, category, quantity, unit_price, amount, returned FROM purchase_line "
        "WHERE purchase = ANY($1) ORDER BY purchase, place",
        list(lines),
    ):
        lines[row["purchase"]].append(LineFacts(**{k: v for k, v in dict(row).items() if k != "purchase"}))
    return [PurchaseFacts(**dict(row), lines=lines[row["id"]]) for row in rows]
