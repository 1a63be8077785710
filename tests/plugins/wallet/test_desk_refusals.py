"""What is refused at the desk stands beside its field, and what was typed stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from plugins.wallet.ahead import balance, paid_in, product, sold
from signed_in import owner, send

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.members.service import NewMember, create_member
from tessera_wallet.coupons import issuing
from tessera_wallet.coupons.kinds import NewKind, make_kind
from tessera_wallet.memberships.products import NewProduct, make_product
from tessera_wallet.memberships.selling import Sale
from tessera_wallet.memberships.selling import sell as sell_membership

__all__ = ["owner"]

YEAR = NewProduct(title="Gym, a year", term_unit="years", term_n=1, price=365_00, renewals=1, hold_days=30)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def by_the_system() -> Iterator[None]:
    with system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


async def test_a_decimal_comma_is_no_thousand(owner: httpx.AsyncClient, ana: UUID) -> None:
    await send(owner, f"/wallet/members/{ana}/recharge", amount="12,50", method="cash")
    assert await balance(ana) == (12_50, 0)


async def test_a_refused_refund_shows_what_it_would_pay_out(owner: httpx.AsyncClient, ana: UUID) -> None:
    row = await paid_in(ana, 500_00)
    here = f"/wallet/recharges/{row.id}/refund"
    answer = await send(owner, f"{here}?amount=50", here, amount="50", method="cash")
    assert "say the reason" in answer.text
    assert "Pay out ¥50.00" in answer.text


async def test_a_pack_is_sold_only_once_one_is_chosen_and_the_way_to_pay(owner: httpx.AsyncClient, ana: UUID) -> None:
    chosen = await product()
    page, here = f"/wallet/members/{ana}/packs/new", f"/wallet/members/{ana}/packs"
    assert "choose a pack" in (await send(owner, page, here, method="cash")).text
    assert "choose how it is paid" in (await send(owner, page, here, product=str(chosen))).text


async def test_sessions_that_cannot_be_used_are_refused_on_the_packs_page(owner: httpx.AsyncClient, ana: UUID) -> None:
    pack = await sold(ana)
    page = f"/wallet/packs/{pack.id}"
    sent = {"member": str(ana), "from": "pack", "units": "999"}
    answer = await send(owner, page, f"{page}/use", **sent)
    assert "between 1 and 100 sessions" in answer.text
    assert 'value="999"' in answer.text


async def test_no_membership_is_sold_without_one_being_chosen(owner: httpx.AsyncClient, ana: UUID) -> None:
    await make_product("year", YEAR)
    answer = await send(owner, f"/wallet/members/{ana}/memberships", method="cash", price="12x")
    assert (answer.status_code, "choose a membership" in answer.text) == (422, True)
    assert 'value="12x"' in answer.text


async def test_what_is_wrong_stands_in_the_form_that_was_sent(owner: httpx.AsyncClient, ana: UUID, store: UUID) -> None:
    await make_product("year", YEAR)
    held = await sell_membership(Sale(member=ana, product="year", method="cash", store=store))
    page = f"/wallet/memberships/{held}"
    answer = await send(owner, page, f"{page}/refund", amount="10")
    _before, form = answer.text.split(f'action="{page}/refund"')
    assert 'value="10"' in form
    assert "say how it is paid" in form
    assert answer.text.count("say how it is paid") == 1


async def test_a_bonus_is_told_in_the_language_of_whoever_reads(owner: httpx.AsyncClient, ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    owner.cookies.set("tessera_locale", "zh_Hans")
    page = (await owner.get(f"/members/{ana}")).text
    assert "赠送¥50.00" in page
    assert "with a bonus" not in page


async def test_a_coupon_says_the_last_day_on_which_it_can_be_used(owner: httpx.AsyncClient, ana: UUID) -> None:
    await make_kind("ten", NewKind(title="Ten off", amount=10_00, valid_days=2))
    with clock.frozen(NOON):
        await issuing.issue(ana, "ten")
        for page in (f"/members/{ana}", f"/wallet/members/{ana}/coupons"):
            assert '<time datetime="2026-03-03">' in (await owner.get(page)).text


ALREADY = "This was sent already, and it is done."


async def test_money_is_taken_once_though_the_form_is_sent_again(
    owner: httpx.AsyncClient, ana: UUID, store: UUID
) -> None:
    await make_product("year", YEAR)
    await make_kind("ten", NewKind(title="Ten off", amount=10_00, valid_days=2))
    here, pack = f"/wallet/members/{ana}", str(await product())
    held = await sell_membership(Sale(member=ana, product="year", method="cash", store=store))
    asked = [
        (f"{here}/recharge", f"{here}/recharge", {"amount": "200", "method": "cash"}),
        (f"{here}/packs/new", f"{here}/packs", {"product": pack, "method": "cash"}),
        (f"{here}/memberships", f"{here}/memberships", {"product": "year", "method": "cash"}),
        (f"/wallet/memberships/{held}", f"/wallet/memberships/{held}/renew", {"method": "cash"}),
        (f"{here}/coupons", f"{here}/coupons", {"kind": "ten", "reason": "a treat"}),
    ]
    for page, target, values in asked:
        once = {"_once": target, **values}
        first = await send(owner, page, target, **once)
        assert (first.status_code, ALREADY in first.text) == (200, False), target
        again = await send(owner, page, target, **once)
        assert (again.status_code, ALREADY in again.text) == (409, True), target
    assert await balance(ana) == (200_00, 0)
    counts = [await fetchval(f"SELECT count(*) FROM wallet.{table}") for table in ("pack", "membership", "coupon")]
    assert [*counts, await fetchval("SELECT count(*) FROM wallet.membership_term")] == [1, 2, 1, 3]
