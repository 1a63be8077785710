"""Months of buying, bringing back and nights end where a plain model of the rules says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from core.tiers.ladder import bring_back, night, on, qualify, sell, tier
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, create_member
from tessera.tiers.periods import add_months
from tessera.tiers.service.changing import archive_tier

CODES = ("basic", "silver", "gold")
NEEDS = (0, 1000, 5000)
WARN = timedelta(days=30)


@dataclass
class Model:
    """One member in words of one syllable: twelve months, thirty days of warning, one step down."""

    grace_days: int
    bought: list[tuple[date, int]] = field(default_factory=list)
    rank: int = 0
    until: date | None = None
    warned: bool = False
    grace: date | None = None

    def met(self, since: date, end: date) -> int:
        spent = sum(yuan for day, yuan in self.bought if since <= day < end)
        return max(rank for rank in range(3) if spent >= NEEDS[rank])

    def buy(self, day: date, yuan: int) -> None:
        self.bought.append((day, yuan))
        tomorrow = day + timedelta(days=1)
        self._to(max(self.rank, self.met(add_months(tomorrow, -12), tomorrow)), tomorrow)

    def _to(self, rank: int, counts_from: date) -> None:
        if rank != self.rank:
            self.rank, self.warned, self.grace = rank, False, None
            self.until = add_months(counts_from, 12) if rank else None

    def sleep(self, today: date) -> None:
        if self.until is None or (self.grace and today < self.grace):
            return
        met = self.met(add_months(self.until, -12), self.grace or self.until)
        if today < self.until:
            self.warned |= today >= self.until - WARN and met < self.rank
        elif met >= self.rank:
            self.until, self.warned, self.grace = add_months(self.until, 12), False, None
            self.sleep(today)
        elif self.grace is None and (self.grace_days or not self.warned):
            self.grace = today + (timedelta(days=self.grace_days) if self.warned else WARN)
            self.warned = True
        else:
            self._to(self.rank - 1, today)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sell", "sell", "back", "night"]), st.integers(0, 250), st.sampled_from([400, 1000, 6000])
    ),
    min_size=2,
    max_size=8,
)


async def play(who: UUID, model: Model, steps: list[tuple[str, int, int]]) -> None:
    """Do the same to the member and to the model, and hold one to the other after each step."""
    day, open_sales = date(2030, 1, 31), list[tuple[UUID, int]]()
    for what, days, yuan in [*steps, ("night", 400, 0), ("night", 400, 0)]:
        day += timedelta(days=days)
        with on(day.year, day.month, day.day):
            if what == "sell":
                open_sales.append(((await sell(who, yuan, str(uuid7()))).id, len(model.bought)))
                model.buy(day, yuan)
            elif what == "back" and open_sales:
                purchase, place = open_sales.pop()
                await bring_back(purchase, str(uuid7()))
                model.bought[place] = (model.bought[place][0], 0)
            elif what == "night":
                await night(day.year, day.month, day.day)
                model.sleep(day)
        assert await tier(who) == CODES[model.rank], (what, day)


@settings(max_examples=settings().max_examples // 3)
@given(STEPS, st.sampled_from([0, 10, 45]))
async def test_a_member_is_where_a_plain_model_says(ladder, store, steps, grace_days):
    await qualify(grace_days=grace_days)
    await archive_tier("diamond")
    who = await create_member(NewMember(name="Model", store=store))
    await play(who, Model(grace_days), steps)
