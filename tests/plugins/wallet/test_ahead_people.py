"""What is paid ahead follows people: merged, parted, told, erased, brought from elsewhere, asked for by conditions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from plugins.wallet.ahead import balance, bring_back, checkout, paid_in, sold

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import host
from tessera.members import imports
from tessera.members.service import NewMember, create_member, erasing
from tessera.members.service.merging import merge, undo
from tessera.members.service.telling import export_member
from tessera.points import service as ledger
from tessera.purchases.imports.entitlements import import_entitlements
from tessera.purchases.service.contract import NewPayment
from tessera_wallet.packs.reading import packs_of
from tessera_wallet.packs.returning import take_back
from tessera_wallet.packs.using import use
from tessera_wallet.value.facts import FACTS, METRICS
from tessera_wallet.value.refunding import refund


@pytest.fixture(autouse=True)
def by_the_system() -> Iterator[None]:
    with system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


@pytest.fixture
async def double(store: UUID) -> UUID:
    return await create_member(NewMember(name="Anita", phone="13800138001", store=store))


async def test_a_merge_takes_value_and_packs_along_and_its_undo_gives_them_back(ana: UUID, double: UUID) -> None:
    await paid_in(double, 500_00, 50_00)
    pack = await sold(double)
    merged = await merge(ana, double)
    assert (await balance(ana), [one.id for one in await packs_of(ana)]) == ((500_00, 50_00), [pack.id])
    await undo(merged.merge)
    assert (await balance(ana), await packs_of(ana)) == ((0, 0), [])
    assert (await balance(double), [one.id for one in await packs_of(double)]) == ((500_00, 50_00), [pack.id])


async def test_after_a_merge_both_accounts_pay_one_purchase(ana: UUID, double: UUID) -> None:
    await paid_in(ana, 100_00)
    await paid_in(double, 100_00)
    await merge(ana, double)
    await checkout(ana, 150_00)
    assert await balance(ana) == (50_00, 0)


async def test_after_a_merge_what_either_recharge_pays_for_earns(ana: UUID, double: UUID) -> None:
    await paid_in(ana, 100_00)
    await paid_in(double, 100_00)
    await merge(ana, double)
    assert (await checkout(ana, 150_00)).points.earned == 150


async def test_what_comes_back_after_a_forced_undo_goes_to_who_paid_instead(ana: UUID, double: UUID) -> None:
    await paid_in(ana, 200_00)
    await paid_in(double, 100_00)
    merged = await merge(ana, double)
    bought = await checkout(ana, 250_00)
    await bring_back(bought.id, 50_00, "B1")
    await undo(merged.merge, force=True)
    await bring_back(bought.id, 70_00, "B2")
    await bring_back(bought.id, number="B3")
    assert (await balance(ana), await balance(double), await ledger.verify()) == ((200_00, 0), (100_00, 0), [])


async def test_what_was_paid_out_while_two_were_one_is_owed_by_nobody_after_the_undo(ana: UUID, double: UUID) -> None:
    paid = await paid_in(double, 100_00, 10_00)
    pack = await sold(double)
    merged = await merge(ana, double)
    await refund(paid.id, 40_00, method="cash", reason="wants some back")
    await take_back(pack.id, method="cash", reason="moves away")
    await undo(merged.merge)
    assert (await balance(ana), await balance(double)) == ((0, 0), (60_00, 6_00))
    assert (await fetch("SELECT 1 FROM balance WHERE debt > 0"), await ledger.verify()) == ([], [])


async def test_after_a_merge_the_pack_of_the_other_is_used(ana: UUID, double: UUID) -> None:
    await sold(double)
    await merge(ana, double)
    assert (await use(ana, kind="visit")).left == 11


async def test_a_person_is_told_what_they_paid_ahead(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    await sold(ana)
    told = (await export_member(ana)).rooms["wallet"]
    assert (told["recharges"][0]["paid"], told["packs"][0]["bought"]) == (500_00, 10)


async def test_what_someone_who_was_erased_had_paid_ahead_goes_back_otherwise_and_leaves_no_debt(ana: UUID) -> None:
    await paid_in(ana, 50_00)
    bought = await checkout(ana, 50_00)
    await erasing.erase(ana, "request")
    with pytest.raises(Invalid, match="say how it goes back"):
        await bring_back(bought.id)
    done = await bring_back(bought.id, refunds=[NewPayment("cash", 50_00)])
    assert [(tender.method, tender.amount) for tender in done.refunds] == [("cash", 50_00)]
    assert await fetchval("SELECT bool_and(balance = 0 AND debt = 0) FROM balance")
    assert await ledger.verify() == []


async def test_nobody_is_erased_while_money_is_held_for_them(ana: UUID) -> None:
    row = await paid_in(ana, 500_00, reference="contract 7")
    with pytest.raises(Exception, match="still has a balance"):
        await erasing.erase(ana, "request")
    await refund(row.id, method="cash", reason="Ana moves to Lisbon")
    await erasing.erase(ana, "request")
    words = await fetch(
        "SELECT reason AS word FROM wallet.value_refund UNION ALL SELECT reference FROM wallet.recharge"
    )
    assert {row["word"] for row in words} == {""}
    assert await fetchval("SELECT count(*) FROM entry WHERE reason LIKE '%Lisbon%'") == 0


async def bring(folder: Path, text: str) -> imports.Report:
    path = folder / "old.csv"
    path.write_text(text, encoding="utf-8")
    return await import_entitlements(path)


async def test_stored_value_of_the_old_system_is_brought_and_taken_back(ana: UUID, tmp_path: Path) -> None:
    report = await bring(tmp_path, "手机号,kind,本金,赠金\n13800138000,储值,500.50,50\n")
    assert (report.created, await balance(ana), await fetchval("SELECT count(*) FROM taking")) == (
        1,
        (500_50, 50_00),
        0,
    )
    await imports.undo(report.batch)
    assert (await balance(ana), await fetchval("SELECT count(*) FROM wallet.recharge")) == ((0, 0), 0)


async def test_a_pack_of_the_old_system_is_brought_with_what_is_left(ana: UUID, tmp_path: Path) -> None:
    until = (clock.now() + timedelta(days=90)).date().isoformat()
    head = "手机号,kind,项目,购买次数,赠送次数,剩余次数,实付金额,有效期至\n"
    report = await bring(tmp_path, f"{head}13800138000,次卡,瑜伽,10,2,7,1000,{until}\n")
    (pack,) = await packs_of(ana)
    assert (report.created, pack.kind_title, pack.left, pack.unused_bought) == (1, "瑜伽", 7, 5)
    assert (await use(ana, kind=pack.kind)).left == 6


async def test_the_last_day_of_all_calendars_stands_for_never_in_lists_of_the_old_system(
    ana: UUID, tmp_path: Path
) -> None:
    head = "手机号,kind,项目,剩余次数,有效期至\n"
    assert (await bring(tmp_path, f"{head}13800138000,次卡,瑜伽,7,9999-12-31\n")).created == 1
    value = "手机号,kind,本金,赠金,赠金有效期\n13800138000,储值,500,50,9999-12-31\n"
    assert (await bring(tmp_path, value)).created == 1
    (pack,) = await packs_of(ana)
    assert (pack.left, pack.expires_at, await balance(ana)) == (7, None, (500_00, 50_00))


async def test_conditions_and_tiers_know_what_was_recharged(ana: UUID) -> None:
    row = await paid_in(ana, 500_00, 50_00)
    await refund(row.id, 100_00, method="cash", reason="wants some back")
    known = {}
    for fact in FACTS:
        sql = fact.sql.replace("{now}", "now()").replace("{today}", "current_date")
        known[fact.name] = await fetchval(f"SELECT {sql} FROM member m WHERE m.id = $1", ana)
    assert (known["wallet.balance"], known["wallet.recharged"]) == (440_00, 400_00)
    (metric,) = METRICS
    sql = metric.sql.format(since="now() - interval '1 day'", until="now() + interval '1 day'")
    assert await fetchval(f"SELECT {sql} FROM member m WHERE m.id = $1", ana) == 400_00


async def test_facts_of_packs_count_what_is_left(ana: UUID) -> None:
    await sold(ana, validity="days", validity_n=30)
    await use(ana, kind="visit")
    facts = {one.value.name: one.value for one in host().declared("facts") if one.plugin == "wallet"}
    sql = facts["wallet.sessions"].sql.replace("{now}", "now()")
    assert await fetchval(f"SELECT {sql} FROM member m WHERE m.id = $1", ana) == 11
    ends = facts["wallet.pack_ends_in_days"].sql.replace("{now}", "now()")
    day = "(SELECT (now() AT TIME ZONE timezone)::date FROM business)"
    assert await fetchval(f"SELECT {ends.replace('{today}', day)} FROM member m WHERE m.id = $1", ana) == 30


async def test_the_timeline_tells_of_recharges_and_packs(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    await sold(ana)
    await use(ana, kind="visit")
    kinds = {row["kind"] for row in await fetch("SELECT kind FROM event WHERE member = $1", ana)}
    assert {"wallet.recharged", "wallet.pack_sold", "wallet.session_used"} <= kinds
