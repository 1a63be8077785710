"""What a member has, and why: balances, entries and their explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.points.ledger import POINTS

_ACCOUNTS = "SELECT id FROM account WHERE member = $1"

_BESIDE = "SELECT s.id FROM account a JOIN account s ON s.member = a.member WHERE a.id = ANY($1)"
"""Some accounts, and all others of the same members."""

_AVAILABLE = f"""
SELECT (coalesce((SELECT sum(remaining) FROM lot WHERE account IN ({_BESIDE}) AND unit = $2 AND remaining > 0
                  AND opens_at <= $3 AND (expires_at IS NULL OR expires_at > $3)), 0)
      - coalesce((SELECT sum(debt) FROM balance WHERE account IN ({_BESIDE}) AND unit = $2), 0))::bigint
"""

_OWED = f"SELECT coalesce(sum(debt), 0)::bigint FROM balance WHERE account IN ({_BESIDE}) AND unit = $2"

_STANDINGS = f"""
SELECT unit, sum(balance)::bigint AS balance, sum(debt)::bigint AS debt FROM balance
WHERE account IN ({_ACCOUNTS}) GROUP BY unit
"""

_OPEN = f"""
SELECT unit, (expires_at IS NOT NULL AND expires_at <= $2) AS gone, opens_at > $2 AS pending, expires_at,
       sum(remaining)::bigint AS amount
FROM lot WHERE account IN ({_ACCOUNTS}) AND remaining > 0
GROUP BY 1, 2, 3, 4 ORDER BY expires_at NULLS LAST
"""

_ENTRIES = f"""
SELECT e.id, unit, kind, amount, balance + coalesce((
           SELECT sum(b.balance) FROM account a CROSS JOIN LATERAL (
               SELECT x.balance FROM entry x WHERE x.account = a.id AND x.unit = e.unit AND x.id < e.id
               ORDER BY x.id DESC LIMIT 1) b
           WHERE a.member = $1 AND a.id <> e.account), 0)::bigint AS balance,
       debt_change, forgiven, at, recorded_at, expires_at, reason, rule, facts, purchase, source, source_id, store,
       actor, reverses, rule_version, moves_to
FROM (SELECT * FROM entry WHERE account IN ({_ACCOUNTS}) AND ($2::text[] IS NULL OR unit = ANY($2))
        AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4) e
ORDER BY e.id DESC
"""
"""Entries of all accounts; the balance after each is that of all accounts, so that the amounts add up."""


@dataclass(frozen=True)
class Expiring:
    """An amount and the first moment at which it is gone."""

    amount: int
    at: datetime


@dataclass
class BalanceFacts:
    """What a member has of one unit.

    ``available`` can be spent now (below zero where more is owed), ``balance`` is what is booked,
    ``pending`` opens later; ``expired`` has been taken by the clock and is booked within the hour.
    """

    available: int = 0
    balance: int = 0
    pending: int = 0
    debt: int = 0
    expired: int = 0
    expiring: list[Expiring] = field(default_factory=list)


@dataclass(frozen=True)
class EntryFacts:
    """An entry as people read it."""

    id: UUID
    unit: str
    kind: str
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
    reverses: UUID | None
    rule_version: int | None = None
    moves_to: datetime | None = None


async def available(accounts: Sequence[UUID], *, unit: str = POINTS, at: datetime | None = None) -> int:
    """What the members of some accounts can spend at a moment, by the clock: what is open, less what is owed."""
    amount: int = await fetchval(_AVAILABLE, list(accounts), unit, at or clock.now())
    return amount


async def owed(accounts: Sequence[UUID], *, unit: str = POINTS) -> int:
    """What the members of some accounts owe."""
    amount: int = await fetchval(_OWED, list(accounts), unit)
    return amount


def available_sql(member: str, moment: str) -> str:
    """An expression for what a member can spend at a moment less what is owed, as JSON by unit; NULL for nothing.

    Whatever has lots has a balance too, so that the accounts are walked once.
    """
    return (
        "SELECT json_object_agg(unit, amount) FROM (SELECT b.unit, sum(coalesce(("
        "SELECT sum(l.remaining) FROM lot l WHERE l.account = b.account AND l.unit = b.unit AND l.remaining > 0 "
        f"AND l.opens_at <= {moment} AND (l.expires_at IS NULL OR l.expires_at > {moment})), 0) - b.debt)::bigint "
        f"AS amount FROM account a JOIN balance b ON b.account = a.id WHERE a.member = {member} GROUP BY b.unit) known"
    )


async def balances(member: UUID, *, at: datetime | None = None) -> dict[str, BalanceFacts]:
    """A member's balances by unit, over all of the member's accounts; points are always among them."""
    moment = at or clock.now()
    found = {POINTS: BalanceFacts()}
    for row in await fetch(_STANDINGS, member):
        facts = found.setdefault(row["unit"], BalanceFacts())
        facts.balance, facts.debt, facts.available = row["balance"], row["debt"], -row["debt"]
    for row in await fetch(_OPEN, member, moment):
        facts = found[row["unit"]]
        if row["gone"]:
            facts.expired += row["amount"]
            continue
        if row["pending"]:
            facts.pending += row["amount"]
            continue
        facts.available += row["amount"]
        if row["expires_at"] is not None:
            facts.expiring.append(Expiring(row["amount"], row["expires_at"]))
    return found


async def entries(
    member: UUID,
    *,
    unit: str | None = None,
    units: Sequence[str] | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[EntryFacts]:
    """A member's entries, the last written first; ``before`` is the id of the last one already seen."""
    wanted = [unit] if unit is not None else units
    known = None if wanted is None else [name for name in wanted if "\x00" not in name]
    return [EntryFacts(**dict(row)) for row in await fetch(_ENTRIES, member, known, before, limit)]
