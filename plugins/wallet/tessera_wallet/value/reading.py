"""What a member has of stored value, what they recharged, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tessera.plugin import NotFound, fetch, fetchrow, ledger, members
from tessera_hooks import _
from tessera_wallet import units
from tessera_wallet.permissions import READ
from tessera_wallet.value.rows import RechargeFacts


class RechargeUnknown(NotFound):
    """There is no such recharge, or none that this actor may see."""

    code = "recharge_unknown"


@dataclass(frozen=True)
class Held:
    """What a member can spend in one currency, in minor units."""

    currency: str
    principal: int
    bonus: int

    @property
    def total(self) -> int:
        """Principal and bonus together."""
        return self.principal + self.bonus


_COLUMNS = ", ".join(RechargeFacts.__struct_fields__)


async def held(member: UUID) -> list[Held]:
    """What a member has of stored value, by currency; currencies that were never used are left out."""
    balances = await ledger.balances(member)
    found: dict[str, dict[str, int]] = {}
    for unit, facts in balances.items():
        family, _dot, currency = unit.rpartition(".")
        if family in (units.PRINCIPAL, units.BONUS):
            found.setdefault(currency, {})[family] = facts.available
    return [
        Held(currency, parts.get(units.PRINCIPAL, 0), parts.get(units.BONUS, 0))
        for currency, parts in sorted(found.items())
    ]


async def held_in(member: UUID, currency: str) -> Held:
    """What a member has in one currency, possibly nothing."""
    principal = await ledger.available(member, units.principal(currency))
    return Held(currency, max(principal, 0), max(await ledger.available(member, units.bonus(currency)), 0))


async def recharges_of(member: UUID, limit: int = 50) -> list[RechargeFacts]:
    """A member's recharges, newest first."""
    sql = f"SELECT {_COLUMNS} FROM wallet.recharge WHERE member = $1 ORDER BY at DESC, id DESC LIMIT $2"
    return [RechargeFacts(**dict(row)) for row in await fetch(sql, member, limit)]


async def one_recharge(recharge: UUID, permission: str = READ) -> RechargeFacts:
    """One recharge of a member whom the actor may see."""
    row = await fetchrow(f"SELECT {_COLUMNS} FROM wallet.recharge WHERE id = $1", recharge)
    if row is None or not await members.is_visible(row["member"], permission):
        raise RechargeUnknown(_("There is no such recharge."))
    return RechargeFacts(**dict(row))
