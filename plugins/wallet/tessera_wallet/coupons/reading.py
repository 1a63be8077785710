"""Coupons as they are: of a member, of a batch, by a code that someone holds out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.plugin import LookupCost, count_lookup, fetch, fetchrow, fetchval, members, now
from tessera_hooks import _
from tessera_wallet.coupons import codes
from tessera_wallet.coupons.contract import COLUMNS, CouponUnknown, Held, State
from tessera_wallet.coupons.kinds import kind_of

_OWN = ("id", "code", "member", "issued_at", "opens_at", "expires_at", "reason", "used_at", "purchase")

SELECT = (
    "SELECT "
    + ", ".join(f"c.{column}" for column in (*_OWN, "state"))
    + ", "
    + ", ".join(f"k.{column} AS k_{column}" for column in COLUMNS)
    + " FROM wallet.coupon c JOIN wallet.coupon_kind k ON k.id = c.kind"
)

MOST = 200
"""Coupons of one member that are listed, and offered at a till."""

READ = "wallet.coupon.read"


def held_of(row: Any, at: datetime | None = None) -> Held:
    """A coupon from a row of ``SELECT``, in the state it has at a moment."""
    return Held(kind=kind_of(row, "k_"), state=state_of(row, at or now()), **{name: row[name] for name in _OWN})


def state_of(row: Any, at: datetime) -> State:
    """The state of a coupon: what was done with it, and otherwise what the clock says."""
    if row["state"] != "issued":
        return "used" if row["state"] == "used" else "revoked"
    if row["expires_at"] is not None and row["expires_at"] <= at:
        return "expired"
    return "issued" if row["opens_at"] <= at else "waiting"


async def coupons_of(member: UUID) -> list[Held]:
    """A member's coupons, the usable first, then the newest."""
    rows = await fetch(
        f"{SELECT} WHERE c.member = $1 ORDER BY (c.state = 'issued' AND (c.expires_at IS NULL OR c.expires_at > $2)) "
        f"DESC, c.expires_at, c.issued_at DESC, c.id LIMIT {MOST}",
        member,
        now(),
    )
    return [held_of(row) for row in rows]


async def usable_of(member: UUID, at: datetime) -> list[Held]:
    """What a member could use at a moment, what is gone soonest first."""
    rows = await fetch(
        f"{SELECT} WHERE c.member = $1 AND c.state = 'issued' AND c.opens_at <= $2 "
        f"AND (c.expires_at IS NULL OR c.expires_at > $2) ORDER BY c.expires_at, c.issued_at, c.id LIMIT {MOST}",
        member,
        at,
    )
    return [held_of(row, at) for row in rows]


async def by_codes(typed: Sequence[str]) -> dict[str, Held]:
    """The coupons of codes as they were typed; unknown ones are left out. Counts nothing: see ``find``."""
    rows = await fetch(f"{SELECT} WHERE c.code = ANY($1)", [codes.kept(code) for code in typed])
    found = {row["code"]: held_of(row) for row in rows}
    return {code: found[codes.kept(code)] for code in typed if codes.kept(code) in found}


async def count_misses(n: int) -> None:
    """Count codes that nobody holds: whoever tries many is told nothing more for a while."""
    for _miss in range(n):
        await count_lookup(cost=LookupCost.DEAR)


async def find(typed: str) -> Held:
    """The coupon of a code, for whoever may see its member; a miss is counted, and so is a hit, which is cheap."""
    held = (await by_codes([typed])).get(typed)
    seen = held is not None and (held.member is None or await members.is_visible(held.member, READ))
    await count_lookup(cost=LookupCost.CHEAP if seen else LookupCost.DEAR)
    if held is None or not seen:
        raise unknown(typed)
    return held


def unknown(typed: str) -> CouponUnknown:
    """The refusal of a code that is not there, with a hint where it was mistyped."""
    code = codes.kept(typed)
    if len(code) == codes.LENGTH and not codes.is_well_formed(code):
        return CouponUnknown(_("there is no such coupon: look at the code again, a character is wrong"))
    return CouponUnknown(_("there is no such coupon"))


async def coupon(id_: UUID, permission: str = READ) -> Held:
    """One coupon by its id; one of a member whom the actor may not see with this permission is not there."""
    row = await fetchrow(f"{SELECT} WHERE c.id = $1", id_)
    if row is None or (row["member"] is not None and not await members.is_visible(row["member"], permission)):
        raise CouponUnknown(_("there is no such coupon"))
    return held_of(row)


async def usable_count(member: UUID) -> int:
    """How many coupons a member could use now."""
    count: int = await fetchval(
        "SELECT count(*) FROM wallet.coupon WHERE member = $1 AND state = 'issued' AND opens_at <= $2 "
        "AND (expires_at IS NULL OR expires_at > $2)",
        member,
        now(),
    )
    return count
