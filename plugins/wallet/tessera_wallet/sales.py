"""How the wallet takes part in sales and returns: coupons, and what was paid ahead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tessera_hooks import Returning, Settled, Settling
from tessera_wallet.coupons import selling as coupons
from tessera_wallet.value import paying as value

SETTLING: tuple[Callable[[Settling], Awaitable[Settled | None]], ...] = (coupons.settle, value.settle)
RETURNING: tuple[Callable[[Returning], Awaitable[None]], ...] = (coupons.bring_back, value.give_back)


async def settle(purchase: Settling) -> Settled | None:
    """Let every part of the wallet settle what is its own; answers all of it together."""
    done = [settled for settle in SETTLING if (settled := await settle(purchase)) is not None]
    if not done:
        return None
    return Settled(
        claims=[claim for settled in done for claim in settled.claims],
        tenders=[method for settled in done for method in settled.tenders],
        not_earning=sum(settled.not_earning for settled in done),
    )


async def bring_back(returning: Returning) -> None:
    """Let every part of the wallet give back what is its own."""
    for give_back in RETURNING:
        await give_back(returning)
