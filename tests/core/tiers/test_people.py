"""Tiers through merges, exports, erasure, imports and returns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from core.tiers.ladder import bring_back, changes, last_day, on, sell, three_tiers, tier

from tessera.kernel.database import fetch, fetchval
from tessera.members.imports import undo
from tessera.members.imports.people import import_members
from tessera.members.service import NewMember, create_member
from tessera.members.service.erasing import erase
from tessera.members.service.merging import merge
from tessera.members.service.merging import undo as undo_merge
from tessera.tasks.service import tasks
from tessera.tiers.service import by_hand
from tessera.tiers.service.privacy import tell_tiers


@pytest.fixture
async def ben(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ben", store=store))


async def test_the_survivor_keeps_the_better_tier_and_an_undo_gives_it_back(ana, ben, ladder):
    await sell(ana, 1000)
    await by_hand.set_tier(ben, "diamond", reason="gift", last_day=date(2027, 1, 31))
    merged = await merge(ana, ben)
    assert (await tier(ana), await last_day(ana)) == ("diamond", date(2027, 1, 31))
    await undo_merge(merged.merge)
    assert [await tier(who) for who in (ana, ben)] == ["silver", "diamond"]
    assert (await last_day(ana), await last_day(ben)) == (date(2027, 11, 20), date(2027, 1, 31))


async def test_what_both_did_together_brings_the_survivor_higher(ana, ben, ladder):
    await sell(ana, 600)
    await sell(ben, 600, "R2")
    merged = await merge(ana, ben)
    assert await tier(ana) == "silver"
    await undo_merge(merged.merge)
    assert (await tier(ana), await fetchval("SELECT count(*) FROM member_tier")) == ("basic", 0)


async def test_a_tier_that_changed_after_the_merge_stays(ana, ben, ladder):
    await by_hand.set_tier(ben, "silver", reason="gift")
    merged = await merge(ana, ben)
    await by_hand.set_tier(ana, "gold", reason="gift")
    await undo_merge(merged.merge)
    assert await tier(ana) == "gold"


async def test_the_person_is_told_all_and_erased_from_all(ana, ladder):
    await sell(ana, 1000)
    told = await tell_tiers(ana)
    assert told is not None
    assert ([one["tier"] for one in told["tier"]], [one["after"] for one in told["changes"]]) == (
        ["silver"],
        ["silver"],
    )
    await erase(ana)
    assert await fetchval("SELECT count(*) FROM tier_change") + await fetchval("SELECT count(*) FROM member_tier") == 0
    assert await fetchval("SELECT tier FROM member WHERE id = $1", ana) is None


async def test_a_return_that_undoes_the_reason_opens_one_task_and_lowers_nobody(ana, ladder):
    await sell(ana, 900)
    bought = await sell(ana, 200, "R2")
    await bring_back(bought.id, amount=5000)
    assert (await tasks()).items == []
    await bring_back(bought.id, "B2", amount=6000)
    await bring_back(bought.id, "B3")
    (task,) = (await tasks()).items
    assert str(task.title) == "After a return Silver is no longer earned: keep it, or change it by hand"
    assert "Spent ¥900.00 of ¥1,000.00" in task.detail
    assert await tier(ana) == "silver"


async def test_a_return_of_what_the_tier_does_not_stand_on_asks_nothing(ana, ladder):
    await sell(ana, 5000)
    bought = await sell(ana, 500, "R2")
    await bring_back(bought.id)
    assert (await tasks()).items == []


@pytest.fixture
def people_list(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("姓名,手机,等级\nAna,13800138000,金卡\n李雷,13900139000,silver\n韩梅,13700137000,Regular member\n")
    return path


async def test_a_list_brings_tiers_by_name_or_code_and_is_taken_back(store, people_list):
    await three_tiers()
    with on(2026, 11, 1):
        ana = await create_member(NewMember(name="Ana", phone="13800138000", store=store))
    report = await import_members(people_list, source="old")
    assert (report.created, report.updated, report.rejected) == (2, 1, 0)
    assert await changes(ana) == [("basic", "gold", "brought")]
    assert await last_day(ana) == date(2027, 11, 19)
    rows = await fetch("SELECT name, tier FROM member ORDER BY number")
    assert [row["tier"] for row in rows] == ["gold", "silver", None]
    await undo(report.batch)
    assert (await tier(ana), await fetchval("SELECT count(*) FROM tier_change WHERE why = 'brought'")) == ("basic", 0)
