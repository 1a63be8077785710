"""Nights over many members: what they write, where they go on after a kill, and who sells meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from core.tiers.ladder import changes, held, on, qualify, sell, store_in_dollars, tier, told
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchval, in_transaction, undone
from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, create_member
from tessera.tiers.periods import counted_from, scheme
from tessera.tiers.service import applying, requalifying, rising
from tessera.tiers.service.counting import count, highest_met
from tessera.tiers.service.defined import asked_by, first_tier, tier_of, tiers
from tessera.tiers.service.moving import Move, evidence_of, lasts_until, write_moves
from tessera.tiers.service.requalifying import Standing, goes_to, judged

Sale = tuple[int, int, str]
"""How many days ago, for how much, and in which store."""

SALES = st.tuples(st.integers(0, 400), st.sampled_from([400, 1000, 6000, 12_000]), st.sampled_from(["main", "us"]))
PEOPLE = st.lists(st.lists(SALES, max_size=4), min_size=1, max_size=3)

WRITTEN = """
SELECT (SELECT jsonb_build_object('tier', m.tier, 'updated', m.updated_at) FROM member m WHERE m.id = w.id),
    (SELECT to_jsonb(t) FROM member_tier t WHERE t.member = w.id),
    (SELECT jsonb_agg(to_jsonb(c) - 'id' ORDER BY c.at, c.id) FROM tier_change c WHERE c.member = w.id),
    (SELECT jsonb_agg(to_jsonb(e) - '{id,txid,position}'::text[] ORDER BY e.id) FROM event e
     WHERE e.member = w.id AND e.kind LIKE 'tier.%')
FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, place) ORDER BY place
"""


@pytest.fixture
async def dollars(store: UUID) -> None:
    """A store that sells in a currency which has no rate."""
    await store_in_dollars()


async def written(people: Sequence[UUID]) -> list[list[Any]]:
    """All that tiers have written of some members, but for its ids."""
    return [list(row.values()) for row in await fetch(WRITTEN, list(people))]


async def bought(store: UUID, people: Sequence[Sequence[Sale]]) -> list[UUID]:
    """Members who bought, in the business's currency or one that has no rate."""
    some = [await create_member(NewMember(name="Many", store=store)) for _ in people]
    for who, sales in zip(some, people, strict=True):
        for days, amount, shop in sales:
            await sell(who, amount, str(uuid7()), at=clock.now() - timedelta(days=days), store=shop)
    return some


async def put(people: Sequence[UUID], code: str | None, **held: Any) -> None:
    """Put members into a tier past all rules, with a qualification where it is not the first one."""
    await execute("UPDATE member SET tier = $2 WHERE id = ANY($1)", people, code)
    await execute("DELETE FROM member_tier WHERE member = ANY($1)", people)
    if code is not None:
        rows = [
            {
                "member": str(who),
                "tier": code,
                "since": clock.now().isoformat(),
                "by_hand": False,
                "pinned": False,
                **held,
            }
            for who in people
        ]
        await execute(
            "INSERT INTO member_tier SELECT * FROM jsonb_populate_recordset(NULL::member_tier, $1::jsonb)",
            msgspec.json.encode(rows).decode(),
        )


async def each_raised(people: Sequence[UUID]) -> list[list[Any]]:
    for who in people:
        await rising.raise_one(who)
    return await written(people)


async def all_raised(people: Sequence[UUID]) -> list[list[Any]]:
    await rising.raise_everyone()
    return await written(people)


@settings(max_examples=settings().max_examples // 2)
@given(PEOPLE, st.sampled_from([None, "silver"]), st.sampled_from(["rolling", "calendar"]))
async def test_a_night_writes_of_those_who_rise_what_is_written_of_one(ladder, dollars, store, people, code, kind):
    await qualify(kind=kind)
    some = await bought(store, people)
    await put(some, code)
    await rising.note_everyone(clock.now() + timedelta(seconds=1))
    assert await undone(lambda: all_raised(some)) == await undone(lambda: each_raised(some))


async def lowered_alone(who: UUID) -> None:
    """Judge one member, and lower them where that is what the night would do."""
    row, rules, today = await held(who), scheme(), business().today()
    if row is None or row["until"] is None:
        return
    before, zone = tier_of(row["tier"]), business().timezone
    until = clock.local_day(row["grace_until"] or row["until"], zone)
    since = counted_from(rules, clock.local_day(row["until"], zone))
    counted = await count(who, asked_by(tiers()), since, until)
    met = highest_met(tiers(), counted) or first_tier()
    standing = Standing(
        rank=before.rank,
        until=row["until"],
        warned=row["warned_at"] is not None,
        grace_until=row["grace_until"],
        by_hand=row["by_hand"],
        met=met.rank,
    )
    if judged(standing, rules, clock.now()) == "down":
        after = goes_to(before, met.rank, rules, by_hand=row["by_hand"])
        why = "hand_ended" if row["by_hand"] else "not_met"
        evidence = evidence_of(before, counted, since, until)
        ends = lasts_until(after, today)
        await write_moves([Move(member=who, before=before, after=after, why=why, evidence=evidence, until=ends)])


async def each_lowered(people: Sequence[UUID]) -> list[list[Any]]:
    for who in people:
        await lowered_alone(who)
    return await written(people)


async def all_lowered(people: Sequence[UUID]) -> list[list[Any]]:
    await requalifying.requalify_all()
    return await written(people)


def ways_down(rows: list[list[Any]]) -> list[Any]:
    """The members, the ways down and what was told of them; the qualification of those who went down."""
    found = []
    for member, qualification, moves, told_of in rows:
        fell = [move for move in moves or [] if move["direction"] == "down"]
        said = [event for event in told_of or [] if event["kind"] == "tier.changed"]
        found.append((member, fell, said, qualification if fell else None))
    return found


ENDS = "2026-11-21T00:00:00+08:00"
STANDINGS = st.fixed_dictionaries(
    {
        "until": st.just(ENDS),
        "warned_at": st.sampled_from([None, "2026-10-30T00:20:00+08:00"]),
        "grace_until": st.sampled_from([None, ENDS]),
        "by_hand": st.booleans(),
    }
)
SCHEMES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["rolling", "calendar"]),
        "downgrade": st.sampled_from(["one", "met"]),
        "grace_days": st.sampled_from([0, 10]),
    }
)


@settings(max_examples=settings().max_examples // 2)
@given(PEOPLE, st.sampled_from(["silver", "gold", "diamond"]), STANDINGS, SCHEMES)
async def test_a_night_writes_of_those_who_go_down_what_is_written_of_one(
    ladder, dollars, store, people, code, standing, rules
):
    await qualify(**rules)
    some = await bought(store, people)
    await put(some, code, **standing)
    with on(2026, 11, 21):
        night, alone = await undone(lambda: all_lowered(some)), await undone(lambda: each_lowered(some))
    assert ways_down(night) == ways_down(alone)


class Killed(Exception):
    """A worker that ends in the middle of a page, after it has written and before it has committed."""


def kill_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, pages: int) -> None:
    """Let the process end in a page of the night, once."""
    whole, done = getattr(module, name), list[Any]()

    async def page(after: Any) -> Any:
        done.append(after)
        answer = await whole(after)
        if len(done) == pages + 1:
            raise Killed
        return answer

    monkeypatch.setattr(module, name, page)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three members are looked at on the way up, two on the way down."""
    monkeypatch.setattr(rising, "AT_ONCE", 3)
    monkeypatch.setattr(requalifying, "AT_ONCE", 2)


async def under_way() -> bool:
    return bool(await fetchval("SELECT true FROM setting WHERE key = $1", applying.NIGHT))


@pytest.mark.parametrize("pages", [0, 1, 3])
async def test_a_night_that_was_killed_goes_on_where_it_was(ladder, store, small_pages, monkeypatch, pages):
    people = await bought(store, [[(1, 1000 if n % 3 else 10, "main")] for n in range(12)])
    await put(people, None)
    kill_after(monkeypatch, rising, "raise_page", pages)
    with pytest.raises(Killed):
        await applying.nightly()
    risen = await fetchval("SELECT count(*) FROM member WHERE tier IS NOT NULL")
    assert (await under_way(), risen < 8) == (True, True)
    await sell(people[0], 6000)
    await sell(people[11], 6000, "R2")
    await applying.go_on()
    expected = ["gold", *("silver" if n % 3 else "basic" for n in range(1, 11)), "gold"]
    assert [await tier(who) for who in people] == expected
    assert await under_way() is False


async def test_each_rises_once_however_often_a_night_is_killed(ladder, store, small_pages, monkeypatch):
    people = await bought(store, [[(1, 1000, "main")] for _ in range(7)])
    await put(people, None)
    before = await fetchval("SELECT count(*) FROM tier_change")
    for _ in range(3):
        with monkeypatch.context() as patch:
            kill_after(patch, rising, "raise_page", 1)
            with pytest.raises(Killed):
                await applying.nightly()
    await applying.go_on()
    assert await fetchval("SELECT count(*) FROM tier_change") == before + len(people)


async def test_a_night_that_was_killed_on_the_way_down_goes_on_there(ladder, store, small_pages, monkeypatch):
    people = await bought(store, [[] for _ in range(7)])
    await put(people, "gold", until=ENDS, warned_at="2026-10-30T00:20:00+08:00")
    with on(2026, 11, 21):
        with monkeypatch.context() as patch:
            kill_after(patch, requalifying, "judge_page", 2)
            with pytest.raises(Killed):
                await applying.nightly()
        assert await fetchval("SELECT count(*) FROM member WHERE tier = 'silver'") == 4
        await applying.go_on()
    assert [await changes(who) for who in people] == [[("gold", "silver", "not_met")]] * 7
    assert [len(await told(who, "tier.changed")) for who in people] == [1] * 7


async def test_a_round_leaves_the_rest_to_the_next_when_its_time_is_up(ladder, store, small_pages, monkeypatch):
    people = await bought(store, [[(1, 1000, "main")] for _ in range(4)])
    await put(people, None)
    monkeypatch.setattr(applying, "STRETCH", 0)
    await applying.nightly()
    assert await fetchval("SELECT count(*) FROM member WHERE tier = 'silver'") == 3
    rounds = 0
    while await under_way():
        await applying.go_on()
        rounds += 1
    assert ([await tier(who) for who in people], rounds > 1) == (["silver"] * 4, True)


async def test_two_workers_do_one_night_together(ladder, store, small_pages):
    people = await bought(store, [[(1, 1000, "main")] for _ in range(9)])
    await put(people, None)
    before = await fetchval("SELECT count(*) FROM tier_change")
    await asyncio.gather(applying.nightly(), applying.go_on(), applying.go_on())
    await applying.go_on()
    assert await fetchval("SELECT count(*) FROM tier_change") == before + len(people)


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


async def test_a_sale_under_way_when_a_tier_ends_is_seen_by_the_night(ladder, store):
    [ana] = await bought(store, [[]])
    await put([ana], "gold", until=ENDS, warned_at="2026-10-30T00:20:00+08:00")

    async def sale() -> asyncio.Task[None]:
        await sell(ana, 6000, at=datetime.fromisoformat("2026-11-20T23:00:00+08:00"))
        night = asyncio.create_task(applying.nightly(), context=outside)
        while not (night.done() or await fetchval(WAITING)):  # noqa: ASYNC110 - the database does not say when somebody waits
            await asyncio.sleep(0.01)
        return night

    with on(2026, 11, 21):
        outside = contextvars.copy_context()
        await (await in_transaction(sale))
    assert await tier(ana) == "gold"


async def test_a_sale_that_waits_for_the_night_raises_from_where_the_night_leaves_it(ladder, store):
    [ana] = await bought(store, [[]])
    await put([ana], "gold", until=ENDS, warned_at="2026-10-30T00:20:00+08:00")

    async def page() -> asyncio.Task[Any]:
        await requalifying.judge_page(requalifying.START)
        selling = asyncio.create_task(sell(ana, 6000), context=outside)
        while not (selling.done() or await fetchval(WAITING)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        return selling

    with on(2026, 11, 21):
        outside = contextvars.copy_context()
        sold = await (await in_transaction(page))
    assert (sold.tier.code, await tier(ana)) == ("gold", "gold")
    assert await changes(ana) == [("gold", "silver", "not_met"), ("silver", "gold", "reached")]
