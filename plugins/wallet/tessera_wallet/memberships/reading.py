"""Memberships as they are, and locked for what is done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tessera.plugin import actor, business, fetch, fetchrow, members, now, uuid7
from tessera.plugin import execute as run
from tessera_hooks import _
from tessera_wallet.memberships.contract import PRODUCT_COLUMNS, READ, Held, Hold, MembershipUnknown
from tessera_wallet.memberships.products import product_of
from tessera_wallet.memberships.terms import Term

_OWN = (
    "id",
    "member",
    "store",
    "payer",
    "currency",
    "starts_on",
    "ends_on",
    "ended_on",
    "ended_as",
    "end_reason",
    "sold_at",
)

_SELECT = (
    "SELECT "
    + ", ".join(f"x.{column}" for column in _OWN)
    + ", "
    + ", ".join(f"p.{column} AS p_{column}" for column in PRODUCT_COLUMNS)
    + " FROM wallet.membership x JOIN wallet.membership_product p ON p.id = x.product"
)

_TERMS = """
SELECT membership, term_unit, term_n, price, days FROM wallet.membership_term
WHERE membership = ANY($1) ORDER BY membership, place
"""

_HOLDS = """
SELECT id, membership, from_on, until_on, reason FROM wallet.membership_hold
WHERE membership = ANY($1) ORDER BY membership, from_on
"""


async def _whole(rows: Sequence[Any], day: date | None = None) -> list[Held]:
    ids = [row["id"] for row in rows]
    terms: dict[UUID, list[Term]] = {id_: [] for id_ in ids}
    holds: dict[UUID, list[Hold]] = {id_: [] for id_ in ids}
    for row in await fetch(_TERMS, ids) if ids else ():
        terms[row["membership"]].append(Term(row["term_unit"], row["term_n"], row["price"], row["days"]))
    for row in await fetch(_HOLDS, ids) if ids else ():
        hold = Hold(id=row["id"], from_on=row["from_on"], until_on=row["until_on"], reason=row["reason"])
        holds[row["membership"]].append(hold)
    today = day or business().today()
    return [
        Held(
            product=product_of(row, "p_"),
            terms=terms[row["id"]],
            holds=holds[row["id"]],
            day=today,
            **{name: row[name] for name in _OWN},
        )
        for row in rows
    ]


_ORDER = "ORDER BY x.ended_on IS NOT NULL, x.ends_on DESC NULLS FIRST, x.id DESC"


async def memberships_of(member: UUID, day: date | None = None) -> list[Held]:
    """A member's memberships, those that run first, then the last that ended."""
    return await _whole(await fetch(f"{_SELECT} WHERE x.member = $1 {_ORDER} LIMIT 100", member), day)


async def membership(id_: UUID, permission: str = READ) -> Held:
    """One membership; one of a member whom the actor may not see with this permission is not there."""
    row = await fetchrow(f"{_SELECT} WHERE x.id = $1", id_)
    if row is None or not await members.is_visible(row["member"], permission):
        raise MembershipUnknown(_("there is no such membership"))
    return (await _whole([row]))[0]


async def locked(id_: UUID) -> Held:
    """A membership that nobody else changes until the unit of work ends, read after it was locked."""
    if await fetchrow("SELECT id FROM wallet.membership WHERE id = $1 FOR UPDATE", id_) is None:
        raise MembershipUnknown(_("there is no such membership"))
    return (await _whole([await fetchrow(f"{_SELECT} WHERE x.id = $1", id_)]))[0]


async def history(id_: UUID) -> list[Mapping[str, Any]]:
    """What was done with a membership, the last first."""
    rows = await fetch(
        "SELECT at, what, amount, from_on, until_on, other, actor_label FROM wallet.membership_change "
        "WHERE membership = $1 ORDER BY id DESC",
        id_,
    )
    return [dict(row) for row in rows]


async def note_change(
    id_: UUID,
    what: str,
    *,
    amount: int | None = None,
    from_on: date | None = None,
    until_on: date | None = None,
    other: UUID | None = None,
) -> None:
    """Write what was done into the membership's history."""
    someone = actor()
    await run(
        "INSERT INTO wallet.membership_change (id, membership, at, what, amount, from_on, until_on, other, actor, "
        "actor_label) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        uuid7(),
        id_,
        now(),
        what,
        amount,
        from_on,
        until_on,
        other,
        someone.staff_id or someone.key_id,
        str(someone.label)[:200],
    )
