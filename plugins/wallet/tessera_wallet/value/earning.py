"""Points for a recharge, where it is the recharge that earns, and their way back when it is refunded."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

from tessera.plugin import earn_beside, take_back_beside
from tessera_hooks import _
from tessera_wallet.value.rows import RechargeFacts

SOURCE = "wallet.recharge"


async def earn_for(row: RechargeFacts) -> None:
    """Let what was paid earn by all rules in force; bonus never earns."""
    await earn_beside(row.id, row.member, row.paid, row.currency, source=SOURCE, store=row.store, at=row.at)


async def take_back_for(row: RechargeFacts, refund: UUID, refunded: int, store: UUID | None) -> None:
    """Take back what a recharge earned, in proportion to all that was refunded of it."""
    share = Fraction(refunded, row.paid)
    await take_back_beside(
        row.id,
        row.member,
        share,
        reason=_("Recharge refunded"),
        source="wallet.refund",
        source_id=refund,
        store=store,
    )
