"""Coupons: issued within their limits, held against a basket, used once whatever the race, and coming back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.conditions import facts_of_member
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import Conflict, Invalid, TooMany
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.state import change_plugin_settings
from tessera.members.service.erasing import erase
from tessera.members.service.merging import merge, undo
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPurchase, NewReturn
from tessera_hooks import Basket, Claim, Redeeming
from tessera_wallet.coupons import codes, issuing, reading, rewards, selling
from tessera_wallet.coupons.contract import (
    CouponLimit,
    CouponUnknown,
    CouponUsed,
    Held,
    KindTaken,
    KindUnknown,
    NotIssued,
)
from tessera_wallet.coupons.kinds import NewKind, change_kind, kind_named, make_kind

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Monday 2 March 2026, 12:00 in Shanghai."""

TEN = NewKind(title="Ten off", amount=10_00)


@pytest.fixture
async def ten(store: UUID, system: Actor) -> str:
    """A coupon of ten yuan, without any condition."""
    return (await make_kind("ten", TEN)).code


async def buy(member: UUID | None, held: list[str], amount: int = 90_00, discount: int = 10_00, **more: object) -> UUID:
    """A purchase that holds coupons out."""
    buyer = Buyer(id=member) if member else Buyer()
    claims = [Claim("wallet.coupon", code) for code in held]
    new = NewPurchase(
        external_id=str(uuid7()),
        source="till",
        buyer=buyer,
        store="main",
        amount=amount,
        discount=discount,
        claims=claims,
    )
    return (await purchases.record_purchase(replace(new, **more))).id


async def bring_back(purchase: UUID, amount: int | None = None) -> None:
    back = NewReturn(external_id=str(uuid7()), source="till", purchase=purchase, amount=amount)
    await purchases.record_return(back)


def basket(member: UUID | None, *held: str, amount: int = 100_00, store: UUID | None = None, **more: object) -> Basket:
    claims = [Claim("wallet.coupon", code) for code in held]
    given_ = {"tier": None, "at": clock.now(), "currency": "CNY", "lines": (), **more}
    return Basket(member=member, store=store, amount=amount, claims=claims, **given_)


async def said(member: UUID | None, *held: str, **more: object) -> list[str]:
    """What is taken off by each coupon, or why it is not."""
    return [str(cut.refused or cut.amount) for cut in await selling.price(basket(member, *held, **more))]


async def state_of(held: Held) -> str:
    return (await reading.coupon(held.id)).state


# --- kinds and issuing -------------------------------------------------------------------------------


async def test_a_kind_that_makes_no_sense_is_refused_field_by_field(ten):
    with pytest.raises(Invalid) as refused:
        await make_kind(
            "bad",
            NewKind(
                title="",
                gives="percent",
                percent=101,
                total_limit=0,
                valid_from=date(2026, 2, 1),
                valid_until=date(2026, 1, 1),
            ),
        )
    assert [error.field for error in refused.value.errors] == ["title", "percent", "total_limit", "valid_until"]
    with pytest.raises(KindTaken, match='there is a coupon "ten" already'):
        await make_kind("ten", TEN)
    with pytest.raises(KindUnknown, match='there is no coupon "eleven": there are ten'):
        await kind_named("eleven")


async def test_a_coupon_of_three_days_holds_today_and_two_more_by_the_business_midnight(ten, member):
    await change_kind("ten", replaced(TEN, valid_days=3))
    with clock.frozen(NOON):
        held = await issuing.issue(await member("Ana"), "ten")
    assert held.expires_at == datetime(2026, 3, 4, 16, tzinfo=UTC)
    with clock.frozen(held.expires_at - timedelta(microseconds=1)):
        assert await state_of(held) == "issued"
    with clock.frozen(held.expires_at):
        assert await state_of(held) == "expired"


def replaced(new: NewKind, **more: object) -> NewKind:
    return NewKind(**{**{name: getattr(new, name) for name in NewKind.__struct_fields__}, **more})


async def test_a_coupon_of_certain_days_waits_for_the_first_and_ends_with_the_last(ten, member):
    await change_kind("ten", replaced(TEN, valid_days=90, valid_from=date(2026, 3, 8), valid_until=date(2026, 3, 9)))
    ana = await member("Ana")
    with clock.frozen(NOON):
        held = await issuing.issue(ana, "ten")
        assert await state_of(held) == "waiting"
        assert await said(ana, held.code) == ["it holds from 2026-03-08 on"]
    with clock.frozen(NOON + 8 * DAY):
        assert await said(ana, held.code) == ["it expired on 2026-03-09"]


async def test_nothing_is_issued_outside_the_campaign(ten, member):
    ana = await member("Ana")
    with clock.frozen(NOON):
        await change_kind("ten", replaced(TEN, issue_from=date(2026, 3, 3)))
        with pytest.raises(NotIssued, match="is given from 2026-03-03 on"):
            await issuing.issue(ana, "ten")
        await change_kind("ten", replaced(TEN, issue_until=date(2026, 3, 1)))
        with pytest.raises(NotIssued, match="was given until 2026-03-01"):
            await issuing.issue(ana, "ten")
        await change_kind("ten", replaced(TEN, enabled=False))
        with pytest.raises(NotIssued, match="is not given at present"):
            await issuing.issue(ana, "ten")


async def test_the_total_limit_is_exact_under_a_race(ten, member):
    await change_kind("ten", replaced(TEN, total_limit=5))
    people = [await member(f"M{n}") for n in range(4)]
    done = await asyncio.gather(*[issuing.issue(people[n % 4], "ten") for n in range(12)], return_exceptions=True)
    assert [isinstance(one, Held) for one in done].count(True) == 5
    assert [isinstance(one, CouponLimit) for one in done].count(True) == 7
    assert await fetchval("SELECT issued FROM wallet.coupon_kind") == 5


async def test_the_limit_of_a_member_is_exact_under_a_race_and_a_revoked_coupon_counts_no_more(ten, member):
    await change_kind("ten", replaced(TEN, member_limit=2))
    ana = await member("Ana")
    done = await asyncio.gather(*[issuing.issue(ana, "ten") for _try in range(8)], return_exceptions=True)
    made = [one for one in done if isinstance(one, Held)]
    assert len(made) == 2
    await issuing.revoke(made[0].id)
    await issuing.issue(ana, "ten")
    with pytest.raises(CouponLimit, match="2 times to a member at most"):
        await issuing.issue(ana, "ten")


async def test_a_limit_is_not_set_below_what_was_issued(ten, member):
    await issuing.issue(await member("Ana"), "ten")
    await issuing.issue(await member("Ben"), "ten")
    with pytest.raises(Invalid, match="2 were issued already"):
        await change_kind("ten", replaced(TEN, total_limit=1))


async def test_the_same_cause_gives_one_coupon_however_often(ten, member):
    ana, cause = await member("Ana"), uuid7()
    done = await asyncio.gather(*[issuing.issue(ana, "ten", source="rule", source_id=cause) for _try in range(6)])
    assert len({held.id for held in done}) == 1
    assert await fetchval("SELECT issued FROM wallet.coupon_kind") == 1


async def test_a_batch_of_codes_counts_in_the_limit_as_a_whole(ten):
    await change_kind("ten", replaced(TEN, total_limit=100))
    batch, made = await issuing.issue_codes("ten", 60)
    with pytest.raises(CouponLimit, match="40 are left"):
        await issuing.issue_codes("ten", 60)
    assert sorted(made) == sorted(code for code, _state in await issuing.codes_of(batch))
    assert len(set(made)) == 60


# --- used once ---------------------------------------------------------------------------------------


async def test_two_checkouts_spend_the_same_coupon_once__spree_13734_medusa_16347_opensourcepos_4640(ten, member):
    ana = await member("Ana")
    held = await issuing.issue(ana, "ten")
    done = await asyncio.gather(*[buy(ana, [held.code]) for _till in range(20)], return_exceptions=True)
    assert [isinstance(one, UUID) for one in done].count(True) == 1
    assert all(isinstance(one, UUID | Conflict | Invalid) for one in done)
    assert await fetchval("SELECT count(*) FROM purchase") == 1
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'wallet.coupon_used'") == 1
    assert await fetchval("SELECT issued FROM wallet.coupon_kind") == 1


async def test_an_open_code_is_used_once_by_whoever_comes_first(ten, member):
    _batch, [code] = await issuing.issue_codes("ten", 1)
    people = [await member(f"M{n}") for n in range(6)]
    done = await asyncio.gather(*[buy(one, [code]) for one in people], return_exceptions=True)
    assert [isinstance(one, UUID) for one in done].count(True) == 1


async def test_an_open_code_needs_no_member(ten):
    _batch, [code] = await issuing.issue_codes("ten", 1)
    await buy(None, [code.lower()])
    assert [state for _code, state in await issuing.codes_of(_batch)] == ["used"]


async def test_a_member_uses_open_codes_of_a_kind_as_often_as_it_allows_in_a_race(ten, member):
    await change_kind("ten", replaced(TEN, member_limit=2))
    ana = await member("Ana")
    _batch, made = await issuing.issue_codes("ten", 8)
    done = await asyncio.gather(*[buy(ana, [code]) for code in made], return_exceptions=True)
    assert [isinstance(one, UUID) for one in done].count(True) == 2


async def test_a_sale_that_is_refused_uses_nothing_up(ten, member):
    ana = await member("Ana")
    await make_kind("from50", replaced(TEN, minimum=500_00, stacks=True))
    await change_kind("ten", replaced(TEN, stacks=True))
    one, other = await issuing.issue(ana, "ten"), await issuing.issue(ana, "from50")
    with pytest.raises(Invalid, match=r"from ¥500.00 on"):
        await buy(ana, [one.code, other.code])
    assert [await state_of(one), await state_of(other)] == ["issued", "issued"]


async def test_conditions_are_held_against_what_was_sold_before_anything_lowered_it(ten, member):
    await change_kind("ten", replaced(TEN, minimum=100_00))
    ana = await member("Ana")
    held = await issuing.issue(ana, "ten")
    with pytest.raises(Invalid, match=r"from ¥100.00 on"):
        await buy(ana, [held.code], amount=89_99, discount=10_00)
    await buy(ana, [held.code], amount=90_00, discount=10_00)
    assert await state_of(held) == "used"


async def test_a_coupon_of_an_article_is_held_against_the_lines(ten, member):
    await change_kind("ten", replaced(TEN, skus=["cup"]))
    ana = await member("Ana")
    held = await issuing.issue(ana, "ten")
    pot = NewLine(sku="pot", amount=100_00)
    with pytest.raises(Invalid, match="it holds for other articles"):
        await buy(ana, [held.code], lines=[pot])
    await buy(ana, [held.code], lines=[replaced_line("cup", 100_00)])
    assert await state_of(held) == "used"


def replaced_line(sku: str, amount: int) -> NewLine:
    return NewLine(sku=sku, amount=amount)


async def test_a_coupon_of_another_member_is_refused(ten, member):
    held = await issuing.issue(await member("Ana"), "ten")
    with pytest.raises(Invalid, match="it belongs to another member"):
        await buy(await member("Ben"), [held.code])
    with pytest.raises(Invalid, match="it belongs to another member"):
        await buy(None, [held.code])


async def test_coupons_that_do_not_stack_are_not_used_together(ten, member):
    ana = await member("Ana")
    one, other = await issuing.issue(ana, "ten"), await issuing.issue(ana, "ten")
    with pytest.raises(Invalid, match="cannot be used together"):
        await buy(ana, [one.code, other.code])
    await change_kind("ten", replaced(TEN, stacks=True))
    await buy(ana, [one.code, other.code], amount=80_00, discount=20_00)


async def test_one_coupon_typed_in_two_ways_is_one(ten, member):
    ana = await member("Ana")
    await change_kind("ten", replaced(TEN, stacks=True))
    held = await issuing.issue(ana, "ten")
    assert await said(ana, held.code, codes.shown(held.code)) == ["1000", "it is held out twice"]
    with pytest.raises(Invalid, match="it is held out twice"):
        await buy(ana, [held.code, codes.shown(held.code)])


async def test_a_sale_of_yesterday_that_arrives_today_uses_what_was_good_then(ten, member):
    await change_kind("ten", replaced(TEN, valid_days=1))
    ana = await member("Ana")
    with clock.frozen(NOON):
        held = await issuing.issue(ana, "ten")
    with clock.frozen(NOON + DAY):
        with pytest.raises(Invalid, match="it expired on 2026-03-02"):
            await buy(ana, [held.code])
        await buy(ana, [held.code], at=NOON + timedelta(hours=2))
        assert await state_of(held) == "used"


async def test_a_preview_offers_what_the_member_holds_and_changes_nothing(ten, member):
    ana = await member("Ana")
    held = await issuing.issue(ana, "ten")
    await make_kind("from200", replaced(TEN, title="From 200", minimum=200_00))
    await issuing.issue(ana, "from200")
    seen = await purchases.preview(
        NewPurchase(external_id="", source="till", buyer=Buyer(id=ana), store="main", amount=100_00)
    )
    assert [(cut.claim.value, cut.amount) for cut in seen.offers] == [(codes.shown(held.code), 10_00)]
    assert sorted(await said(ana)) == ["1000", "from ¥200.00 on"]
    assert await state_of(held) == "issued"


async def test_a_gift_without_an_article_takes_nothing_off_and_is_used(ten, member):
    ana = await member("Ana")
    await make_kind("tea", NewKind(title="A tea", gives="gift", gift="A cup of tea"))
    held = await issuing.issue(ana, "tea")
    await buy(ana, [held.code], amount=100_00, discount=0)
    assert await state_of(held) == "used"


# --- back again, and taken back ----------------------------------------------------------------------


async def test_a_coupon_comes_back_with_the_whole_purchase_and_not_with_a_part(ten, member):
    ana = await member("Ana")
    held = await issuing.issue(ana, "ten")
    bought = await buy(ana, [held.code])
    await bring_back(bought, 40_00)
    assert await state_of(held) == "used"
    await bring_back(bought, 50_00)
    assert await state_of(held) == "issued"
    await buy(ana, [held.code])
    assert await state_of(held) == "used"


@pytest.mark.parametrize(
    ("rule", "state", "expires"),
    [
        ("no", "used", NOON.replace(hour=16)),
        ("if_valid", "used", NOON.replace(hour=16)),
        ("extend", "issued", datetime(2026, 3, 19, 16, tzinfo=UTC)),
    ],
)
async def test_what_expired_meanwhile_comes_back_as_the_settings_say(ten, member, rule, state, expires):
    await change_plugin_settings("wallet", {"coupon_back_on_return": rule})
    await change_kind("ten", replaced(TEN, valid_days=1))
    ana = await member("Ana")
    with clock.frozen(NOON):
        held = await issuing.issue(ana, "ten")
        bought = await buy(ana, [held.code])
    with clock.frozen(NOON + 4 * DAY):
        await bring_back(bought)
        now = await reading.coupon(held.id)
    assert (now.state, now.expires_at) == (state, expires)


async def test_a_used_coupon_is_not_taken_back_and_a_revoked_one_not_used(ten, member):
    ana = await member("Ana")
    one, other = await issuing.issue(ana, "ten"), await issuing.issue(ana, "ten")
    await buy(ana, [one.code])
    with pytest.raises(CouponUsed, match="cannot be taken back"):
        await issuing.revoke(one.id)
    await issuing.revoke(other.id)
    await issuing.revoke(other.id)
    with pytest.raises(Invalid, match="it was taken back"):
        await buy(ana, [other.code])
    assert await fetchval("SELECT issued FROM wallet.coupon_kind") == 1


async def test_a_coupon_is_either_used_or_taken_back_whatever_the_race(ten, member):
    ana = await member("Ana")
    for _round in range(4):
        held = await issuing.issue(ana, "ten")
        done = await asyncio.gather(buy(ana, [held.code]), issuing.revoke(held.id), return_exceptions=True)
        assert [isinstance(one, Exception) for one in done].count(True) == 1
    used = await fetchval("SELECT count(*) FROM wallet.coupon WHERE state = 'used'")
    assert await fetchval("SELECT issued FROM wallet.coupon_kind") == used


# --- guesses, people, rewards ------------------------------------------------------------------------


async def test_whoever_tries_unknown_codes_is_slowed_down(ten, member):
    held = await issuing.issue(await member("Ana"), "ten")
    person = await access.add_staff("eve", "Eve", "three quiet lanterns", role_code="manager")
    eve = Actor("staff", "Eve", (Grant(("*",)),), staff_id=person.id)
    with acting_as(eve):
        assert (await reading.find(codes.shown(held.code))).id == held.id
        for _guess in range(60):
            with pytest.raises(CouponUnknown):
                await reading.find(codes.new_code())
        with pytest.raises(TooMany):
            await reading.find(codes.new_code())
        with pytest.raises(TooMany):
            await selling.price(basket(None, codes.new_code()))


async def test_a_slip_of_the_finger_is_told_from_a_code_that_is_not_there(ten):
    code = codes.new_code()
    with pytest.raises(CouponUnknown, match="a character is wrong"):
        await reading.find(code[:-1] + ("A" if code[-1] != "A" else "B"))
    with pytest.raises(CouponUnknown, match=r"there is no such coupon$"):
        await reading.find(code)


async def test_coupons_go_with_a_merge_and_back(ten, member):
    ana, twin = await member("Ana"), await member("Ana")
    held = await issuing.issue(twin, "ten")
    done = await merge(ana, twin)
    own = await issuing.issue(ana, "ten")
    assert {one.id for one in await reading.coupons_of(ana)} == {held.id, own.id}
    back = await undo(done.merge)
    assert [one.id for one in await reading.coupons_of(twin)] == [held.id]
    assert "coupons given since: 1" in [str(text) for text in back.stayed]


async def test_nobody_uses_the_coupons_of_someone_who_was_erased(ten, member):
    ana = await member("Ana")
    used, held = await issuing.issue(ana, "ten"), await issuing.issue(ana, "ten", reason="for Ana's trouble")
    await buy(ana, [used.code])
    await erase(ana)
    rows = await fetch("SELECT id, state, reason FROM wallet.coupon ORDER BY id")
    assert [(row["id"], row["state"], row["reason"]) for row in rows] == [
        (used.id, "used", ""),
        (held.id, "revoked", ""),
    ]


async def test_conditions_may_ask_how_many_can_be_used(ten, member):
    ana = await member("Ana")
    for _coupon in range(3):
        held = await issuing.issue(ana, "ten")
    await issuing.revoke(held.id)
    assert (await facts_of_member(ana, ["wallet.coupons_usable"]))["wallet.coupons_usable"] == 2


async def test_a_reward_gives_one_coupon_and_takes_it_back_while_it_is_not_used(ten, member):
    ana = await member("Ana")
    redeeming = Redeeming(
        redemption=uuid7(), reward="cup", member=ana, store=None, at=clock.now(), detail={"choice": "ten"}
    )
    code = await in_transaction(lambda: rewards.give(redeeming))
    assert await in_transaction(lambda: rewards.give(redeeming)) == code
    await in_transaction(lambda: rewards.take_back(redeeming))
    assert [held.state for held in await reading.coupons_of(ana)] == ["revoked"]
    assert list(await rewards.choices()) == ["ten"]
    with pytest.raises(Invalid, match="choose which coupon"):
        await rewards.give(replace(redeeming, detail={}))


async def test_a_reward_whose_coupon_was_used_is_not_cancelled(ten, member):
    ana = await member("Ana")
    redeeming = Redeeming(
        redemption=uuid7(), reward="cup", member=ana, store=None, at=clock.now(), detail={"choice": "ten"}
    )
    await buy(ana, [await rewards.give(redeeming)])
    with pytest.raises(CouponUsed):
        await rewards.take_back(redeeming)
