"""The pages of earning rules: made, changed into the next version, switched, tried out; deeds noted by a button."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from uuid import UUID

import httpx
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.kernel import dispatcher, reactions
from tessera.points import service
from tessera.points.earning import changing
from tessera.points.earning.rules import PER_AMOUNT
from tessera_hooks import AllOf, Compare, EarningSpec, Factor, Fixed, Hours, Not, PerAmount, Rate

HERE = "/settings/earning"


async def test_a_new_business_sees_its_rule_in_plain_words(owner: httpx.AsyncClient) -> None:  # noqa: F811
    page = (await owner.get(HERE)).text
    assert "1 for each ¥1.00" in page
    assert "in the month of the birthday" in page


async def test_saving_makes_the_next_version_and_keeps_the_one_before(owner: httpx.AsyncClient) -> None:  # noqa: F811
    at = f"{HERE}/{PER_AMOUNT}"
    page = await send(owner, at, title="Points", points="2", per="10", version="1", most_per_day="500")
    assert "Saved: version 2 is in force." in page.text
    assert "2 for each ¥10.00; at most 500 a day and member" in page.text
    assert "1 for each ¥1.00" in page.text
    assert changing.rule(PER_AMOUNT).spec == EarningSpec(
        earns=PerAmount((Rate(Decimal(2), Decimal(10)),)), most_per_day=500
    )


async def test_a_rule_is_made_from_all_that_its_form_holds(owner: httpx.AsyncClient) -> None:  # noqa: F811
    filled = {
        "kind": "factor",
        "title": "Quiet hours",
        "factor": "1.5",
        "categories": "Coffee, Tea\nCake",
        "weekdays": "3",
        "since.1": "14:00",
        "until.1": "17:00",
        "stores": "main",
        "tiers": "gold",
        "birthday": "month",
        "fact.1": "purchases.count",
        "op.1": ">=",
        "value.1": "3",
    }
    await send(owner, f"{HERE}/new?kind=factor", f"{HERE}/new", **filled)
    assert changing.rule("quiet_hours").spec == EarningSpec(
        earns=Factor(Decimal("1.5")),
        categories=("Coffee", "Tea", "Cake"),
        weekdays=(3,),
        hours=(Hours("14:00", "17:00"),),
        stores=("main",),
        tiers=("gold",),
        birthday="month",
        condition=Compare("purchases.count", ">=", "3"),
    )


async def test_a_form_that_is_opened_and_saved_changes_nothing(owner: httpx.AsyncClient) -> None:  # noqa: F811
    kept = Not(Compare("member.stage", "==", "lost"))
    rule = await changing.add_rule("Gift", EarningSpec(earns=Fixed(5), condition=AllOf((kept,)), first_purchase=True))
    at = f"{HERE}/{rule.code}"
    await send(owner, at, title="Gift", points="5", version="1", first_purchase="yes", keep_condition="yes")
    assert changing.rule(rule.code).spec == rule.spec


async def test_what_is_wrong_stands_at_its_field(owner: httpx.AsyncClient) -> None:  # noqa: F811
    page = await send(owner, f"{HERE}/{PER_AMOUNT}", title="Points", points="x", per="0", version="1")
    assert page.status_code == 422
    assert "Write a number, such as 1.5." in page.text
    page = await send(owner, f"{HERE}/{PER_AMOUNT}", title="Points", points="1", per="0", version="1")
    assert "give an amount above zero" in page.text


async def test_whoever_was_slower_is_asked_to_look_again(owner: httpx.AsyncClient) -> None:  # noqa: F811
    at = f"{HERE}/{PER_AMOUNT}"
    await send(owner, at, title="Points", points="2", per="1", version="1")
    page = await send(owner, at, title="Points", points="3", per="1", version="1")
    assert (page.status_code, "Someone has changed this rule meanwhile" in page.text) == (409, True)


async def test_a_rule_is_switched_on_and_off_again(owner: httpx.AsyncClient) -> None:  # noqa: F811
    at = f"{HERE}/points.birthday_month"
    assert "The rule is in force." in (await send(owner, at, f"{at}/on")).text
    assert changing.rule("points.birthday_month").enabled
    assert "The rule is off." in (await send(owner, at, f"{at}/off")).text
    assert [version.enabled for version in await changing.history("points.birthday_month")] == [False, True]


async def test_trying_out_tells_what_a_purchase_would_bring(owner: httpx.AsyncClient) -> None:  # noqa: F811
    await changing.switch("points.birthday_month", on=True)
    page = (await owner.get(f"{HERE}?amount=99.50&birthday=yes")).text
    assert "199 points" in page
    assert "Birthday month ×2" in page
    assert "99 points" in (await owner.get(f"{HERE}?amount=99.50")).text
    assert (await owner.get(f"{HERE}?amount=many")).status_code == 422


async def test_staff_note_an_own_cup_on_the_member_s_page(
    owner: httpx.AsyncClient,  # noqa: F811
    member: Callable[..., Awaitable[UUID]],
) -> None:
    ana = await member("Ana")
    assert "Brought an own cup" not in (await owner.get(f"/members/{ana}")).text
    await changing.switch("points.own_cup", on=True)
    page = await send(owner, f"/members/{ana}", f"/members/{ana}/deeds", deed="own_cup")
    assert "Brought an own cup: 5 points" in page.text
    again = await send(owner, f"/members/{ana}", f"/members/{ana}/deeds", deed="own_cup")
    assert "this has brought its points already" in again.text
    assert (await service.balances(ana))["points"].balance == 5


async def test_what_a_complete_profile_has_is_chosen(owner: httpx.AsyncClient) -> None:  # noqa: F811
    at = f"{HERE}/points.profile_completed"
    page = await send(owner, at, f"{HERE}/profile-fields", fields="email")
    assert 'value="email" checked' in page.text


async def test_a_check_in_is_noted_where_it_brings_points_and_once_a_day(
    owner: httpx.AsyncClient,  # noqa: F811
    member: Callable[..., Awaitable[UUID]],
) -> None:
    ana = await member("Ana")
    assert "Check in" not in (await owner.get(f"/members/{ana}")).text
    await changing.switch("points.check_in", on=True)
    await reactions.deliver_all()
    said = [(await send(owner, f"/members/{ana}", f"/members/{ana}/check-in")).text for _ in range(2)]
    assert ["Checked in." in said[0], "They were here today already." in said[1]] == [True, True]
    await dispatcher.drain()
    await reactions.deliver_all()
    assert (await service.balances(ana))["points"].balance == 2
