"""How much may be looked up: guesses run out soon, honest work does not, and no refusal forgets what was counted."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tessera.access.actor import SYSTEM, Actor, Grant, acting_as
from tessera.access.sealing import lookup as lookup_of
from tessera.access.service import lookups
from tessera.access.service.lookups import Cost, count_lookup, forget_counts
from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import TooMany
from tessera.kernel.ids import uuid7

NOON = datetime(2026, 5, 4, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Value:
    """An identity as the count knows it."""

    kind: str
    masked: str
    text: str

    @property
    def lookup(self) -> bytes:
        return lookup_of(self.kind, self.text)


def someone() -> Actor:
    return Actor("key", "till", (Grant(("*",)),), key_id=uuid7())


def phone(number: int, tail: str = "8000") -> Value:
    return Value("phone", f"138****{tail}", f"+86138{number:04}{tail}")


def card(number: int) -> Value:
    return Value("card", "****", f"C{number}")


async def answered(values, cost: Cost) -> int:
    """How many of some questions are answered, one after another."""
    count = 0
    for value in values:
        try:
            await count_lookup(value, cost=cost)
        except TooMany:
            break
        count += 1
    return count


@pytest.fixture
def actor(business):
    with acting_as(someone()) as one:
        yield one


async def test_ten_values_of_one_mask_are_answered_and_no_eleventh(actor):
    assert await answered(map(phone, range(200)), Cost.CHEAP) == 10


async def test_values_of_other_masks_go_on(actor):
    await answered(map(phone, range(200)), Cost.CHEAP)
    await count_lookup(phone(1, "8001"), cost=Cost.CHEAP)


async def test_what_was_asked_for_already_is_no_new_value(actor):
    await answered(map(phone, range(200)), Cost.FREE)
    assert await answered([phone(3)] * 50, Cost.FREE) == 50


async def test_many_people_together_get_no_more_values_than_one(business):
    async def one_guess(number: int) -> bool:
        with acting_as(someone()):
            return await answered([phone(number)], Cost.DEAR) == 1

    told = await asyncio.gather(*[one_guess(number) for number in range(60)])
    assert sum(told) == 10


async def test_misses_run_out_and_then_hits_are_refused_too(actor):
    assert await answered(map(card, range(200)), Cost.DEAR) == 60
    assert await answered([card(1)], Cost.CHEAP) == 0


async def test_parallel_misses_are_counted_one_by_one(actor):
    told = await asyncio.gather(*[answered([card(number)], Cost.DEAR) for number in range(100)])
    assert sum(told) == 60


async def test_hits_do_not_use_up_misses(actor):
    assert await answered(map(card, range(500)), Cost.CHEAP) == 500
    assert await answered(map(card, range(200)), Cost.DEAR) == 60


async def test_an_hour_later_there_are_misses_again_until_the_days_are_used_up(actor):
    told = []
    for hour in range(8):
        with clock.frozen(NOON + timedelta(hours=hour)):
            told.append(await answered(map(card, range(200)), Cost.DEAR))
    assert told == [60, 60, 60, 60, 60, 0, 0, 0]


async def test_a_day_later_a_mask_is_free_again(actor):
    with clock.frozen(NOON):
        await answered(map(phone, range(200)), Cost.FREE)
    with clock.frozen(NOON + timedelta(hours=24)):
        assert await answered(map(phone, range(100, 300)), Cost.FREE) == 10


@pytest.mark.parametrize(
    ("values", "cost", "seconds"),
    [([phone(n) for n in range(11)], Cost.FREE, 24 * 3600 + 1), ([card(n) for n in range(61)], Cost.DEAR, 3600 + 1)],
)
async def test_the_refusal_says_when_to_come_back(actor, values, cost, seconds):
    with clock.frozen(NOON):
        await answered(values[:-1], cost)
        with pytest.raises(TooMany, match="Try again in") as refused:
            await count_lookup(values[-1], cost=cost)
    assert refused.value.retry_after == seconds


async def test_a_count_stays_when_the_work_is_taken_back(actor):
    async def work() -> None:
        await count_lookup(phone(1), cost=Cost.DEAR)
        raise ValueError("the work failed")

    with pytest.raises(ValueError, match="the work failed"):
        await in_transaction(work)
    assert await fetchval("SELECT misses FROM lookup_pace") == 1
    assert await fetchval("SELECT cardinality(tried) FROM lookup_mask") == 1


async def test_more_requests_than_connections_count_within_their_work(actor):
    async def work() -> None:
        await count_lookup(card(1), cost=Cost.CHEAP)

    await asyncio.wait_for(asyncio.gather(*[in_transaction(work) for _request in range(40)]), 20)
    assert await fetchval("SELECT hits FROM lookup_pace") == 40


async def test_tessera_itself_is_not_counted(business):
    with acting_as(SYSTEM):
        assert await answered(map(phone, range(200)), Cost.DEAR) == 200


async def test_addresses_are_left_to_the_count_by_person(actor):
    addresses = [Value("email", "a***@qq.com", f"a{number}@qq.com") for number in range(200)]
    assert await answered(addresses, Cost.DEAR) == 60


async def test_a_mask_that_shows_nothing_is_no_clue(actor):
    assert await answered([Value("passport", "******", f"E{number:05}") for number in range(50)], Cost.FREE) == 50


async def test_nothing_that_was_asked_for_can_be_read(actor):
    await count_lookup(phone(1), cost=Cost.DEAR)
    rows = [*await fetch("SELECT * FROM lookup_mask"), *await fetch("SELECT * FROM lookup_pace")]
    assert "138" not in str([bytes(part) for row in rows for part in row.values() if isinstance(part, bytes)])
    assert lookup_of("phone", phone(1).text) not in [bytes(one) for one in rows[0]["tried"]]


@pytest.mark.parametrize(("value", "cost"), [(card, Cost.DEAR), (phone, Cost.FREE)])
async def test_who_was_held_back_stands_in_the_audit_once(actor, value, cost):
    for _again in range(3):
        await answered(map(value, range(200)), cost)
    noted = await fetch("SELECT actor FROM audit WHERE action = 'access.lookups_held_back'")
    assert [row["actor"] for row in noted] == [actor.key_id]


async def test_a_business_sets_its_own_limits(actor):
    await set_setting("lookups.values_per_mask", 3)
    assert await answered(map(phone, range(200)), Cost.FREE) == 3


async def test_counts_go_when_their_day_is_over(actor):
    with clock.frozen(NOON):
        await count_lookup(phone(1), cost=Cost.DEAR)
    with clock.frozen(NOON + lookups.DAY):
        await forget_counts()
    assert await fetchval("SELECT count(*) FROM lookup_mask") == 0
    assert await fetchval("SELECT count(*) FROM lookup_pace") == 0
