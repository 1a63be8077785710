"""The till: who buys, what, at which price, paid how; one confirmation, one receipt."""

from __future__ import annotations

import importlib
import re
from datetime import UTC, datetime

import httpx
import pytest
from core.desk.counter import Counter, plain
from signed_in import owner, send

from tessera.access import service as access
from tessera.access.service import staff
from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.kernel.plugins.state import enable
from tessera.members import service as members
from tessera.members.service import NewMember
from tessera.points import service as points
from tessera.purchases import service as purchases

__all__ = ["owner"]

PHONE = "13800138000"


@pytest.fixture
async def ana(store, system):
    return await members.create_member(NewMember(name="Ana", phone=PHONE, store=store))


@pytest.fixture
async def till(system, owner, store):
    return await Counter(owner).open()


async def test_an_amount_is_sold_with_one_confirmation(till):
    await till.enter("12.50")
    receipt = await till.sell()
    assert "Sales receipt" in receipt
    sold = await fetchrow("SELECT source, amount, member FROM purchase")
    assert tuple(sold) == ("till:main", 1250, None)
    assert [tuple(row) for row in await fetch("SELECT method, amount FROM payment")] == [("cash", 1250)]


async def test_the_same_sale_sent_twice_is_one(till):
    await till.enter("12.50")
    assert await till.sell() == await till.sell()
    assert await fetchval("SELECT count(*) FROM purchase") == 1


async def test_a_member_is_found_by_phone_and_earns(till, ana):
    await till.enter(q=PHONE)
    await till.enter("Latte 18")
    assert "Earns 18 points" in till.text
    receipt = await till.sell()
    assert "Earned: Points +18" in receipt
    assert (await points.balances(ana))["points"].available == 18


async def test_what_is_earned_follows_the_way_it_is_paid(till, ana):
    await enable("dummy")
    await importlib.import_module("tessera_dummy.selling").fill_purse(ana, 10_00)
    await till.enter(q=PHONE)
    await till.enter("Latte 18")
    await till.enter(**{"part.dummy.purse": "10"})
    assert "Earns 8 points" in till.text
    await till.sell()
    assert (await points.balances(ana))["points"].available == 8


async def test_choosing_a_way_to_pay_tells_what_it_would_earn(till, ana):
    await enable("dummy")
    await importlib.import_module("tessera_dummy.selling").fill_purse(ana, 40_00)
    await till.enter(q=PHONE)
    await till.enter("Latte 18")
    assert "Earns 18 points" in till.text
    await till.enter(method="dummy.purse")
    assert "Earns" not in till.text
    await till.enter(**{"part.cash": "3"})
    assert "Earns 3 points" in till.text


async def test_a_members_code_may_be_scanned_where_goods_are_asked_for(till, ana):
    number = await fetchval("SELECT number FROM member WHERE id = $1", ana)
    await till.enter(number)
    assert ("member", str(ana)) in till.values


async def test_new_goods_do_not_use_up_what_may_be_looked_up(till, ana):
    await set_setting("lookups.misses_per_hour", 2)
    for code in ("6901234567892", "6901234567908", "6901234567915"):
        await till.enter(code)
    await till.enter(q=PHONE)
    assert ("member", str(ana)) in till.values


async def test_two_scans_that_arrive_together_are_two_lines(till):
    till.values += [("item", "3.00"), ("item", "2*4.50")]
    await till.tap()
    assert [value for name, value in till.values if name == "line.price"] == ["3", "4.5"]


async def test_goods_that_were_sold_before_come_with_name_and_price(till, owner):
    await till.enter("6901234567892")
    till.fill("line.name", "Soy milk").fill("line.price", "3.50")
    await till.tap()
    await till.sell()
    again = await Counter(owner).open()
    await again.enter("6901234567892")
    assert {("line.name", "Soy milk"), ("line.price", "3.5")} <= set(again.values)


async def test_goods_without_a_price_are_not_sold(till):
    await till.enter("6901234567892")
    refused = await till.send("/till/sell")
    assert "give the price" in refused.text or "is-invalid" in refused.text
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_nothing_is_not_sold(till):
    assert "There is nothing to sell yet" in (await till.send("/till/sell")).text


async def test_points_pay_a_part_as_many_as_the_cashier_chooses(till, ana):
    await points.credit(await members.account_of(ana), ana, 500, reason="gift")
    await till.enter(q=PHONE)
    await till.enter("20")
    await till.enter(points="300")
    assert "To pay ¥17.00" in till.text
    await till.sell()
    assert await fetchval("SELECT points_paid FROM purchase") == 300
    assert [tuple(row) for row in await fetch("SELECT method, amount FROM payment")] == [("cash", 1700)]


async def test_more_points_than_the_member_has_are_refused_by_a_sentence(till, ana):
    await points.credit(await members.account_of(ana), ana, 500, reason="gift")
    await till.enter(q=PHONE)
    await till.enter("20")
    await till.enter(points="900")
    refused = await till.send("/till/sell")
    assert "500" in plain(refused.text)
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_it_is_paid_in_parts(till):
    await till.enter("50")
    till.fill("method", "card")
    await till.enter(**{"part.cash": "20"})
    await till.sell()
    paid = {row["method"]: row["amount"] for row in await fetch("SELECT method, amount FROM payment")}
    assert paid == {"cash": 2000, "card": 3000}


async def test_parts_above_the_price_are_refused(till):
    await till.enter("50")
    till.fill("method", "card").fill("part.cash", "60")
    assert "the parts are more than what is to be paid" in (await till.send("/till/sell")).text
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_the_change_is_worked_out(till):
    await till.enter("12.50")
    await till.enter(received="20")
    assert "Change to give ¥7.50" in till.text
    assert "Change to give ¥7.50" in await till.sell()


async def test_cash_that_is_missing_is_said_and_sells_nothing(till):
    await till.enter("12.50")
    await till.enter(received="10")
    assert "Still missing ¥2.50" in till.text
    assert "this is less than what is to be paid in cash" in await till.sell()
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_two_amounts_that_cannot_be_read_are_both_named_and_kept(till):
    await till.enter("12.50")
    till.fill("part.wechat", "x")
    await till.enter(received="y")
    assert till.text.count("give an amount such as 12.50") == 2
    assert {("part.wechat", "x"), ("received", "y")} <= set(till.values)


async def test_fields_that_are_drawn_anew_have_ids_so_that_the_keyboard_keeps_its_place(till):
    await till.enter("Latte 18")
    counter = till.html[till.html.index('<div id="counter"') :]
    fields = re.findall(r'<input(?![^>]*type="hidden")[^>]*hx-post[^>]*>', counter)
    assert len(fields) > 6
    assert [field for field in fields if " id=" not in field] == []


async def test_what_the_parts_leave_is_told_for_the_way_to_pay_that_was_chosen(till):
    await till.enter("12.50")
    till.fill("part.wechat", "5")
    await till.tap()
    assert "The rest: Cash ¥7.50" in till.text


async def test_a_price_that_cannot_be_read_is_said_at_its_line_and_kept(till):
    await till.enter("12.50")
    till.fill("line.price", "a lot")
    await till.tap()
    assert "give the price" in till.text
    assert ("line.price", "a lot") in till.values


async def test_another_price_than_the_one_shown_is_shown_first(till):
    await till.enter("12.50")
    till.fill("seen", "1000")
    assert "The price has changed meanwhile" in (await till.send("/till/sell")).text
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_a_receipt_without_a_member_carries_a_code(till):
    await till.enter("12.50")
    receipt = await till.sell()
    code = await fetchval("SELECT claim_code FROM purchase")
    assert purchases.shown_code(code) in receipt


async def test_a_receipt_names_the_last_day_on_which_points_can_be_spent(till, ana):
    with clock.frozen(datetime(2026, 11, 5, 4, tzinfo=UTC)):
        await till.enter(q=PHONE)
        await till.enter("12.50")
        receipt = await till.sell()
    assert "valid until Nov 30, 2028" in receipt
    assert "of these valid until Nov 30, 2028" in receipt


async def test_a_receipt_that_was_claimed_shows_no_code_to_those_who_do_not_see_its_member(till, ana, owner):
    await till.enter("12.50")
    await till.sell()
    purchase = await fetchval("SELECT id FROM purchase")
    await execute("UPDATE member SET erased_at = now() WHERE id = $1", ana)
    await execute("UPDATE purchase SET member = $1", ana)
    receipt = await owner.get(f"/till/receipts/{purchase}")
    assert receipt.status_code == 200
    assert "Not a member yet?" not in receipt.text


async def test_what_comes_back_is_worked_out_before_it_is_done(till, ana, owner):
    await till.enter(q=PHONE)
    await till.enter("Latte 18")
    await till.enter("Tea 12")
    await till.sell()
    purchase = await fetchval("SELECT id FROM purchase")
    line = await fetchval("SELECT id FROM purchase_line WHERE name = 'Tea'")
    page = f"/till/receipts/{purchase}/return"
    worked_out = plain((await send(owner, page, **{f"back.{line}": "1"})).text)
    assert "Back to the customer ¥12.00" in worked_out
    assert "Points taken back −12" in worked_out
    assert await fetchval("SELECT returned FROM purchase") == 0
    await send(owner, page, **{f"back.{line}": "1", "confirmed": "yes", "shown": "1200"})
    assert await fetchval("SELECT returned FROM purchase") == 1200
    assert (await points.balances(ana))["points"].available == 18


async def test_what_was_changed_after_it_was_worked_out_is_shown_before_it_comes_back(till, owner):
    await till.enter("2*12")
    await till.sell()
    purchase, line = await fetchval("SELECT id FROM purchase"), await fetchval("SELECT id FROM purchase_line")
    page = f"/till/receipts/{purchase}/return"
    answer = await send(owner, page, **{f"back.{line}": "2", "confirmed": "yes", "shown": "1200"})
    assert "Something else comes back than was shown" in answer.text
    assert "Give ¥24.00 back" in answer.text
    assert await fetchval("SELECT returned FROM purchase") == 0


async def test_how_many_come_back_is_refused_at_its_line(till, owner):
    await till.enter("2*12")
    await till.sell()
    purchase, line = await fetchval("SELECT id FROM purchase"), await fetchval("SELECT id FROM purchase_line")
    answer = await send(owner, f"/till/receipts/{purchase}/return", **{f"back.{line}": "both"})
    assert "give a quantity above zero" in answer.text
    assert 'value="both"' in answer.text


async def test_a_receipt_is_found_by_its_number(till, owner):
    await till.enter("12.50")
    await till.sell()
    number = await fetchval("SELECT external_id FROM purchase")
    found = await send(owner, "/till/receipts", number=number)
    assert re.search(r"/till/receipts/[0-9a-f-]{36}$", str(found.url))


async def test_a_receipt_is_found_by_its_code_as_people_write_it(till, owner):
    await till.enter("12.50")
    await till.sell()
    code = await fetchval("SELECT claim_code FROM purchase")
    found = await send(owner, "/till/receipts", number=f"{code[:5]}-{code[5:]}".lower())
    assert re.search(r"/till/receipts/[0-9a-f-]{36}$", str(found.url))


async def test_receipts_are_those_of_stores_in_which_one_may_sell(till, app, ana, store):
    await till.enter(q=PHONE)
    await till.enter("12.50")
    await till.sell()
    await access.keep_role("reader", "Reader", ["members.read", "purchases.read"])
    pudong = await access.add_store("pd", "Pudong")
    rita = await access.add_staff("rita", "Rita", "three quiet lanterns", role_code="reader", store_code="main")
    await staff.set_roles(rita.id, [("reader", store), ("cashier", pudong.id)])
    cookies = {"tessera_session": await access.open_session(rita.id)}
    await execute("UPDATE session SET store = $2 WHERE staff = $1", rita.id, store)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", cookies=cookies
    ) as browser:
        assert "Ana" not in (await browser.get("/till/receipts")).text


async def test_an_erased_member_is_not_at_this_counter(till, ana):
    await execute("UPDATE member SET erased_at = now() WHERE id = $1", ana)
    assert (await till.send(do=f"member.{ana}")).status_code == 404


async def test_a_member_of_another_circle_is_not_at_this_counter(app, ana, system, store):
    clinic = await access.add_store("clinic", "Clinic", circle="clinic")
    patient = await members.create_member(NewMember(name="Paula", phone="13900139000", store=clinic.id))
    cara = await access.add_staff("cara", "Cara", "three quiet lanterns", role_code="cashier", store_code="main")
    cookies = {"tessera_session": await access.open_session(cara.id)}
    transport = httpx.ASGITransport(app)
    headers = {"Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies, headers=headers) as one:
        till = await Counter(one).open()
        assert (await till.send(do=f"member.{patient}")).status_code == 404
        await till.enter(q="13900139000", do="")
        assert "Paula" not in till.text
        await till.enter(q=PHONE)
        await till.enter("12.50")
        assert "Earns 12 points" in till.text


@pytest.mark.parametrize(
    "do", ["member.x", "drop.9", "drop.²", "more.99", "claim.x", "points.-1", "add.", "unclaim.", "?"]
)
async def test_rubbish_from_a_form_does_nothing(till, do):
    await till.enter("12.50")
    answer = await till.send(do=do)
    assert answer.status_code in (200, 404)
    assert await fetchval("SELECT count(*) FROM purchase") == 0
