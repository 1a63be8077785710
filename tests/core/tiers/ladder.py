"""Tiers, sales and nights in few words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchrow, fetchval
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewPurchase, NewReturn, Recorded
from tessera.tiers.periods import Scheme, set_scheme
from tessera.tiers.service.changing import add_tier
from tessera.tiers.service.defined import Benefits, Criteria, tier_of
from tessera.tiers.service.requalifying import requalify_all


async def three_tiers() -> None:
    """Silver, gold and diamond."""
    await add_tier({"en": "Silver", "zh_Hans": "银卡"}, criteria=Criteria(asks={"spend": 100_000}))
    gives = Benefits(discount=Decimal(10), multiplier=Decimal("1.5"), services=("Locker",), birthday="A cake")
    await add_tier({"en": "Gold", "zh_Hans": "金卡"}, criteria=Criteria(asks={"spend": 500_000}), benefits=gives)
    await add_tier({"en": "Diamond", "zh_Hans": "钻石卡"}, criteria=Criteria(asks={"spend": 1_000_000, "visits": 3}))


async def sell(member: UUID | None, yuan: int, number: str = "R1", **more: Any) -> Recorded:
    """Sell something for so many yuan in the main store."""
    store = more.pop("store", "main")
    return await purchases.record_purchase(
        NewPurchase(source="till", external_id=number, buyer=Buyer(id=member), store=store, amount=yuan * 100, **more)
    )


async def bring_back(purchase: UUID, number: str = "B1", **what: Any) -> None:
    """Bring a purchase back."""
    await purchases.record_return(NewReturn(source="till", external_id=number, purchase=purchase, store="main", **what))


async def tier(member: UUID) -> str:
    """The code of a member's tier."""
    return tier_of(await fetchval("SELECT tier FROM member WHERE id = $1", member)).code


async def held(member: UUID) -> Any:
    """The row of a member's qualification."""
    return await fetchrow("SELECT * FROM member_tier WHERE member = $1", member)


async def last_day(member: UUID) -> date | None:
    """The last day of a member's tier."""
    until = await fetchval("SELECT until FROM member_tier WHERE member = $1", member)
    return clock.local_day(until, business().timezone) - timedelta(days=1) if until else None


async def changes(member: UUID) -> list[tuple[str, str, str]]:
    """From which tier to which and why, the first first."""
    rows = await fetch("SELECT before, after, why FROM tier_change WHERE member = $1 ORDER BY at, id", member)
    return [(row["before"], row["after"], row["why"]) for row in rows]


async def told(member: UUID, kind: str) -> list[dict[str, Any]]:
    """The payloads of a member's events of a kind."""
    rows = await fetch("SELECT payload FROM event WHERE member = $1 AND kind = $2 ORDER BY id", member, kind)
    return [row["payload"] for row in rows]


@contextmanager
def on(year: int, month: int, day: int, hour: int = 1) -> Iterator[None]:
    """Within the block it is some hour of a day in Shanghai."""
    with clock.frozen(datetime(year, month, day, hour, tzinfo=clock.zone("Asia/Shanghai"))):
        yield


async def night(year: int, month: int, day: int) -> dict[str, int]:
    """What the night to a day does."""
    with on(year, month, day):
        return await requalify_all()


async def qualify(**how: Any) -> None:
    """Set the scheme."""
    await set_scheme(Scheme(**how))


async def store_in_dollars() -> None:
    """A store that sells in another currency."""
    await access.add_store("us", "Overseas", currency="USD")
