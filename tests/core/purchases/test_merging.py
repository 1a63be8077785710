"""What two members bought, gave back and where they were is one's after a merge, and theirs again after its undo."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from core.purchases.selling import bring_back, sale, sell, stats_of

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.members import service as members
from tessera.members.service import merging
from tessera.points import service as points
from tessera.purchases import service


async def bought_by(member: object) -> list[str]:
    rows = await fetch("SELECT external_id FROM purchase WHERE member = $1 ORDER BY external_id", member)
    return [row["external_id"] for row in rows]


async def test_purchases_and_statistics_are_those_of_both(member):
    ana, double = await member("Ana"), await member("Ana")
    await sell(ana, 1000, "R1")
    await sell(double, 2000, "R2")
    done = await merging.merge(ana, double)
    merged = await bought_by(ana), await stats_of(ana), await service.differing()
    await merging.undo(done.merge)
    assert merged == (["R1", "R2"], (2, 3000, 1), [])
    assert (await bought_by(ana), await bought_by(double), await service.differing()) == (["R1"], ["R2"], [])


async def test_a_day_on_which_both_came_is_one_visit_and_two_again(member):
    ana, double = await member("Ana"), await member("Ana")
    await sell(ana, 1000, "R1")
    await sell(double, 2000, "R2")
    done = await merging.merge(ana, double)
    merged = await fetchval("SELECT count(*) FROM visit WHERE member = $1", ana)
    await merging.undo(done.merge)
    assert (merged, (await stats_of(ana) or ())[2], (await stats_of(double) or ())[2]) == (1, 1, 1)


async def test_what_was_bought_since_stays_with_the_survivor(member):
    ana, double = await member("Ana"), await member("Ana")
    await sell(double, 2000, "R2")
    done = await merging.merge(ana, double)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        await sell(double, 3000, "R3")
        undone = await merging.undo(done.merge)
    assert (await bought_by(ana), await bought_by(double), await service.differing()) == (["R3"], ["R2"], [])
    assert "purchases made since: 1" in [str(said) for said in undone.stayed]


async def test_points_come_back_to_who_paid_instead_when_a_merge_was_undone_by_force(member):
    ana, double = await member("Ana"), await member("Ana")
    soon = clock.now() + timedelta(days=20)
    await points.credit(await members.account_of(ana), ana, 500, reason="gift")
    await points.credit(await members.account_of(double), double, 300, reason="gift", expires_at=soon)
    done = await merging.merge(ana, double)
    bought = await service.record_purchase(replace(sale(ana, 4_00), redeem={"points": 400}))
    await bring_back(bought.id, "B1", amount=1_00)
    await merging.undo(done.merge, force=True)
    await bring_back(bought.id, "B2", amount=1_00)
    await bring_back(bought.id, "B3")
    held = [await points.available(await members.accounts_of(one)) for one in (ana, double)]
    assert (held, await points.verify()) == ([500, 300], [])


async def test_a_return_follows_its_purchase(member):
    ana, double = await member("Ana"), await member("Ana")
    bought = await sell(double, 2000, "R2")
    done = await merging.merge(ana, double)
    await bring_back(bought.id)
    await merging.undo(done.merge)
    assert (await fetchval("SELECT member FROM purchase_return"), await stats_of(double)) == (double, (1, 0, 1))
    assert (await points.verify(), await service.differing()) == ([], [])


async def test_a_till_hears_of_all_points_of_a_merged_member(member):
    ana, double = await member("Ana"), await member("Ana")
    await sell(double, 2000, "R2")
    await merging.merge(ana, double)
    done = await sell(ana, 1000, "R3")
    assert (done.points.earned, done.points.available) == (10, 30)


@pytest.mark.parametrize("turn", range(4))
async def test_a_purchase_during_a_merge_is_the_survivors(member, turn):
    ana, double = await member("Ana"), await member("Ana", phone="13800138000")
    results = await asyncio.gather(
        merging.merge(ana, double),
        *(sell(double, 1000, f"R{n}") for n in range(4)),
        merging.merge(ana, await member("Ana")),
        return_exceptions=True,
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    assert await fetch("SELECT 1 FROM purchase WHERE member <> $1", ana) == []
    held = (await points.balances(ana))["points"].available
    assert (held, await points.verify(), await service.differing()) == (40, [], [])


async def test_ten_thousand_entries_each_merge_within_a_second(member):
    ana, double = await member("Ana"), await member("Ana")
    for one in (ana, double):
        await fetchval(_HISTORY, one, await members.account_of(one))
    begun = asyncio.get_running_loop().time()
    await merging.merge(ana, double)
    took = asyncio.get_running_loop().time() - begun
    assert took < 1
    assert (await points.balances(ana))["points"].balance == 20_000


_HISTORY = """
WITH entries AS (
    INSERT INTO entry (id, account, unit, seq, kind, amount, balance, debt_change, forgiven, at, recorded_at, reason,
                       facts, source, actor, origin)
    SELECT gen_random_uuid(), $2, 'points', n, 'credit', 1, n, 0, 0, now(), now(), 'gift', '{}', 'manual', '', 'live'
    FROM generate_series(1, 10000) n RETURNING id, account
), lots AS (
    INSERT INTO lot (id, account, unit, entry, amount, remaining, opens_at)
    SELECT gen_random_uuid(), account, 'points', id, 1, 1, now() FROM entries
), events AS (
    INSERT INTO event (id, kind, version, origin, plugin, member, occurred_at, recorded_at, payload)
    SELECT gen_random_uuid(), 'points.credited', 1, 'live', 'core', $1, now(), now(), '{}' FROM entries
)
INSERT INTO balance (id, account, unit, balance, debt, seq)
VALUES (gen_random_uuid(), $2, 'points', 10000, 0, 10000) RETURNING balance
"""
