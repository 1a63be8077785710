"""Memberships and coupons of another system: brought with their days, prices and codes, and taken back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from tessera.kernel.database import fetchval
from tessera.kernel.errors import Conflict
from tessera.members import imports
from tessera.members.imports import Report
from tessera.purchases.imports.entitlements import import_entitlements
from tessera_wallet.coupons import reading as coupons
from tessera_wallet.coupons.issuing import issue, revoke
from tessera_wallet.coupons.kinds import NewKind, change_kind, kind_named, make_kind
from tessera_wallet.memberships import holding, reading, selling
from tessera_wallet.memberships.contract import HoldRefused, NotRenewable
from tessera_wallet.memberships.products import NewProduct, make_product

MEMBERSHIPS = "手机号,类型,会籍,开始日期,到期日,实付价格\n13800138000,会籍,year,2024-03-01,2099-02-28,¥365.00\n"
COUPONS = "手机号,类型,券种,券码,到期日\n13800138000,优惠券,ten,OLD-7788,2099-12-31\n"


@pytest.fixture
async def ana(store: UUID, member) -> UUID:
    """A member known by her phone, of a business that sells a year and gives ten off."""
    await make_product("year", NewProduct(title="A year", term_unit="years", price=400_00, hold_days=30))
    await make_kind("ten", NewKind(title="Ten off", amount=10_00, member_limit=1, total_limit=3))
    return await member("Ana", phone="13800138000")


async def bring(folder: Path, text: str) -> Report:
    path = folder / "old.csv"
    path.write_text(text, encoding="utf-8")
    return await import_entitlements(path)


async def test_a_membership_keeps_its_days_and_what_was_paid_and_takes_no_money(ana, tmp_path):
    report = await bring(tmp_path, MEMBERSHIPS)
    [held] = await reading.memberships_of(ana)
    assert report.created == 1
    assert (held.starts_on, held.ends_on, held.paid, held.state) == (
        date(2024, 3, 1),
        date(2099, 2, 28),
        365_00,
        "active",
    )
    assert await fetchval("SELECT count(*) FROM taking") == 0
    assert await fetchval("SELECT count(*) FROM event WHERE origin = 'live' AND kind LIKE 'wallet.%'") == 0


async def test_a_membership_without_an_end_is_neither_renewed_nor_held(ana, store, tmp_path):
    await bring(tmp_path, MEMBERSHIPS.replace("2099-02-28", "9999-12-31"))
    [held] = await reading.memberships_of(ana)
    with pytest.raises(NotRenewable, match="never ends"):
        await selling.renew(held.id, "cash", store=store)
    with pytest.raises(HoldRefused, match="never ends"):
        await holding.hold(held.id, held.day, held.day)
    assert (await reading.membership(held.id)).state == "active"


async def test_an_import_of_memberships_is_taken_back_unless_something_was_done_with_one(ana, tmp_path):
    first = await bring(tmp_path, MEMBERSHIPS)
    await imports.undo(first.batch)
    assert [held.state for held in await reading.memberships_of(ana)] == ["cancelled"]


async def test_what_was_held_since_is_not_taken_back(ana, tmp_path):
    report = await bring(tmp_path, MEMBERSHIPS)
    [held] = await reading.memberships_of(ana)
    await holding.hold(held.id, held.day, held.day)
    with pytest.raises(Conflict, match="were changed since"):
        await imports.undo(report.batch)


async def test_a_coupon_whose_last_day_is_that_of_all_calendars_has_no_end(ana, tmp_path):
    assert (await bring(tmp_path, COUPONS.replace("2099", "9999"))).created == 1
    assert (await coupons.find("old 7788")).expires_at is None


async def test_a_kind_of_coupon_whose_last_day_is_that_of_all_calendars_has_no_end(ana):
    await change_kind("ten", NewKind(title="Ten off", amount=10_00, valid_until=date(9999, 12, 31)))
    assert (await issue(ana, "ten")).expires_at is None


async def test_a_coupon_keeps_its_code_and_counts_in_the_whole_and_not_for_the_member(ana, tmp_path):
    report = await bring(tmp_path, COUPONS)
    held = await coupons.find("old 7788")
    assert (report.created, held.member, held.state) == (1, ana, "issued")
    assert (await kind_named("ten")).issued == 1


async def test_the_same_file_again_brings_nothing(ana, tmp_path):
    await bring(tmp_path, COUPONS)
    again = await bring(tmp_path, COUPONS)
    assert (again.created, again.unchanged) == (0, 1)


async def test_an_import_of_coupons_is_taken_back(ana, tmp_path):
    report = await bring(tmp_path, COUPONS)
    await imports.undo(report.batch)
    assert await coupons.coupons_of(ana) == []
    assert (await kind_named("ten")).issued == 0


async def test_a_row_whose_kind_is_full_is_rejected_with_the_reason(ana, tmp_path):
    kind = NewKind(title="Ten off", amount=10_00, total_limit=1)
    await change_kind("ten", kind)
    mine = await issue(ana, "ten")
    report = await bring(tmp_path, COUPONS)
    assert (report.created, report.rejected) == (0, 1)
    await revoke(mine.id)
    assert (await bring(tmp_path, COUPONS)).created == 1
