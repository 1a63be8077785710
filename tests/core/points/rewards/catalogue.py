"""Rewards and points in few words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.points.people import Holder

from tessera.kernel import clock
from tessera.kernel.database import execute, fetchval
from tessera.kernel.ids import uuid7
from tessera.points import service as points
from tessera.points.rewards import service
from tessera.points.rewards.service import NewReward, Redeemed, RewardFacts


def a_reward(code: str = "mug", price: int = 80, **more: Any) -> NewReward:
    """A reward that is goods, unless something else is said."""
    return NewReward(code=code, title={"en": code.title()}, points=price, **more)


async def make(code: str = "mug", price: int = 80, **more: Any) -> RewardFacts:
    """Put a reward into the catalogue."""
    return await service.make_reward(a_reward(code, price, **more))


async def give_points(holder: Holder, amount: int, until: datetime | None = None) -> None:
    """Points that are there to be spent."""
    await points.credit(holder.account, holder.member, amount, reason="gift", expires_at=until)


async def redeem(holder: Holder, code: str = "mug", **more: Any) -> Redeemed:
    """Let a member have a reward."""
    return await service.redeem(holder.member, code, **more)


async def left(holder: Holder) -> int:
    """What a member can spend."""
    return await points.available([holder.account])


async def stock(code: str = "mug") -> int | None:
    """How many pieces are left."""
    found: int | None = await fetchval("SELECT stock FROM reward WHERE code = $1", code)
    return found


async def into_tier(holder: Holder, code: str) -> None:
    """Put a member into a tier of that code."""
    await execute(
        "INSERT INTO tier (id, code, name, rank, criteria, benefits, version, changed_at) "
        "VALUES ($1, $2, '{}', 1, '{}', '{}', 1, $3)",
        uuid7(),
        code,
        clock.now(),
    )
    await execute("UPDATE member SET tier = $2 WHERE id = $1", holder.member, code)
