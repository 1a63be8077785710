"""The rows of the ledger, and the one statement that writes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.kernel import events
from tessera.kernel.database import fetchval

Kind = Literal["earn", "credit", "debit", "take_back", "expire", "transfer", "undo", "reverse", "extend"]

LOT_ORDER = "expires_at NULLS LAST, opens_at, id"
"""Nearest expiry first, then oldest, never-expiring last."""


class EntryRow(msgspec.Struct):
    """A row of ``entry``; its table says what each column is."""

    id: UUID
    account: UUID
    unit: str
    seq: int
    kind: Kind
    amount: int
    balance: int
    debt_change: int
    forgiven: int
    at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    reason: str
    rule: str | None
    facts: dict[str, Any]
    purchase: UUID | None
    source: str
    source_id: UUID | None
    store: UUID | None
    actor: str
    actor_id: UUID | None
    origin: str
    batch: UUID | None
    reverses: UUID | None
    rule_version: int | None = None
    moves_to: datetime | None = None


class LotRow(msgspec.Struct):
    """A row of ``lot``."""

    id: UUID
    account: UUID
    unit: str
    entry: UUID
    purchase: UUID | None
    amount: int
    remaining: int
    opens_at: datetime
    expires_at: datetime | None
    idle: bool = False
    moved_by: UUID | None = None

    @property
    def place(self) -> tuple[bool, datetime, datetime, UUID]:
        """Its place in the order of spending, as ``LOT_ORDER`` has it."""
        return self.expires_at is None, self.expires_at or self.opens_at, self.opens_at, self.id

    def is_open(self, at: datetime) -> bool:
        """Whether it can be spent at a moment."""
        return self.opens_at <= at and not self.is_over(at)

    def is_over(self, at: datetime) -> bool:
        """Whether it has expired by a moment."""
        return self.expires_at is not None and self.expires_at <= at


class AllocationRow(msgspec.Struct):
    """A row of ``allocation``."""

    id: UUID
    entry: UUID
    lot: UUID
    amount: int


class Standing(msgspec.Struct):
    """The locked balance of an account, and whose account it is."""

    member: UUID
    account: UUID
    balance: int
    debt: int
    seq: int


def columns_of(row: type[msgspec.Struct]) -> str:
    """The columns of a kind of rows, as SQL lists them."""
    return ", ".join(row.__struct_fields__)


def entry_row(row: Any) -> EntryRow:
    """An entry from a row that has its columns, and perhaps more."""
    return EntryRow(**{name: row[name] for name in EntryRow.__struct_fields__})


def lot_row(row: Any) -> LotRow:
    """A lot from a row that has its columns, and perhaps more."""
    return LotRow(**{name: row[name] for name in LotRow.__struct_fields__})


_WRITE = f"""
WITH new_entry AS (
    INSERT INTO entry ({columns_of(EntryRow)})
    SELECT {columns_of(EntryRow)} FROM json_populate_recordset(NULL::entry, $1)
), new_lot AS (
    INSERT INTO lot ({columns_of(LotRow)})
    SELECT {columns_of(LotRow)} FROM json_populate_recordset(NULL::lot, $2)
), changed_lot AS (
    UPDATE lot SET remaining = given.remaining, expires_at = given.expires_at, moved_by = given.moved_by
    FROM json_populate_recordset(NULL::lot, $3) AS given WHERE lot.id = given.id
), new_allocation AS (
    INSERT INTO allocation ({columns_of(AllocationRow)})
    SELECT {columns_of(AllocationRow)} FROM json_populate_recordset(NULL::allocation, $4)
), standing AS (
    UPDATE balance SET balance = given.balance, debt = given.debt, seq = given.seq
    FROM json_populate_recordset(NULL::balance, $5) AS given
    WHERE balance.account = given.account AND balance.unit = $6
), said AS (
    {events.INSERT_JSON.format(rows="$7")}
)
SELECT 1
"""


async def write_rows(
    unit: str,
    *,
    entries: Iterable[EntryRow],
    new_lots: Iterable[LotRow],
    changed_lots: Iterable[LotRow],
    allocations: Iterable[AllocationRow],
    standings: Iterable[Standing],
    said: list[tuple[Any, ...]],
) -> None:
    """Write rows of one unit, and the events that tell of them, in one statement."""
    written = (entries, new_lots, changed_lots, allocations, standings)
    await fetchval(_WRITE, *map(_json, written), unit, events.as_json(said))


def _json(rows: Iterable[Any]) -> str:
    return msgspec.json.encode(list(rows)).decode()
