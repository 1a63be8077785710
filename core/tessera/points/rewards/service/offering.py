"""What a member could have: each reward with its price and what stands against it; changes nothing."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.plugins import host
from tessera.members import service as members
from tessera.points.rewards.kinds import kind_named
from tessera.points.rewards.service.catalogue import SELECT, fact_of
from tessera.points.rewards.service.contract import (
    Offer,
    RewardFacts,
    RewardLimitReached,
    RewardNotOffered,
    RewardOutOfStock,
)
from tessera.points.rewards.service.periods import begin_of
from tessera.points.rewards.service.redeeming import TIER
from tessera.points.rewards.tiers import tier_code
from tessera.points.service.booking import InsufficientBalance
from tessera.points.service.reading import available

_OFFERS = f"""
{SELECT} WHERE enabled AND (since IS NULL OR since <= $1) AND (until IS NULL OR until > $1)
  AND ($2::uuid IS NULL OR NOT EXISTS (SELECT 1 FROM reward_store s WHERE s.reward = r.id)
       OR EXISTS (SELECT 1 FROM reward_store s WHERE s.reward = r.id AND s.store = $2))
ORDER BY points, code
"""

_HAD = """
SELECT r.id, count(*) AS n FROM redemption d JOIN reward r ON r.id = d.reward
WHERE d.member = $1 AND d.status <> 'cancelled' AND r.member_limit IS NOT NULL
  AND d.at >= CASE r.period WHEN 'day' THEN $2::timestamptz WHEN 'week' THEN $3 WHEN 'month' THEN $4 WHEN 'year' THEN $5
              ELSE '-infinity' END
GROUP BY r.id
"""


async def offers(member: UUID, *, store: UUID | None = None) -> list[Offer]:
    """What a member could have now in a store, what can be had first; changes nothing."""
    now = clock.now()
    every = [fact_of(row) for row in await fetch(_OFFERS, now, store)]
    known = [one for one in every if _is_handed_out(one, store)]
    found = await offers_of(member, known)
    return sorted(found, key=lambda offer: (not offer.affordable, offer.price, offer.reward.code))


def _is_handed_out(found: RewardFacts, store: UUID | None) -> bool:
    kind = kind_named(found.kind)
    return kind is not None and host().enabled(kind.plugin, store)


async def offers_of(member: UUID, rewards: list[RewardFacts]) -> list[Offer]:
    """Some rewards as one member sees them, in their order."""
    now, zone = clock.now(), business().timezone
    tier = tier_code(await fetchval(TIER, member))
    held = await available(await members.accounts_of(member))
    begins = [begin_of(period, now, zone) for period in ("day", "week", "month", "year")]
    had = {row["id"]: row["n"] for row in await fetch(_HAD, member, *begins)}
    return [Offer(one, one.price(tier), _against(one, one.price(tier), held, had.get(one.id, 0))) for one in rewards]


def _against(found: RewardFacts, price: int, held: int, had: int) -> str | None:
    """The code of what stands against a reward for someone who has so many points and had it so often."""
    if not found.enabled or not found.is_open(clock.now()):
        return RewardNotOffered.code
    if found.stock == 0:
        return RewardOutOfStock.code
    if found.member_limit is not None and had >= found.member_limit:
        return RewardLimitReached.code
    return InsufficientBalance.code if held < price else None
