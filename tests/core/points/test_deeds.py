"""Points for deeds: once as the rule says, noticed by Tessera or noted by staff, told to whoever wants to know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from core.points.hearing import told
from core.points.people import START, Holder
from core.points.rules_made import in_force

from tessera.kernel import clock, reactions
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.kernel.events import emit, importing
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import use_locale
from tessera.members import service as members
from tessera.points import service
from tessera.points.earning import changing
from tessera.points.service.deeds import DeedDone, deeds_by_hand
from tessera_hooks import EarningSpec, Fixed


async def points_of(member: UUID) -> int:
    return (await service.balances(member))["points"].balance


async def bought(member: UUID, at: Any = None) -> None:
    """A purchase as the room above writes it, with its event."""
    moment, purchase = at or clock.now(), uuid7()

    async def work() -> None:
        await execute(
            "INSERT INTO purchase (id, source, external_id, fingerprint, member, at, currency, amount, discount, "
            "returned, points_paid, origin, recorded_at) "
            "VALUES ($1, 'till', $2, '', $3, $4, 'CNY', 100, 0, 0, 0, 'live', $4)",
            purchase,
            str(purchase),
            member,
            moment,
        )
        await emit(
            "purchase.recorded",
            member=member,
            occurred_at=moment,
            purchase=purchase,
            amount=100,
            currency="CNY",
            lines=0,
        )

    await in_transaction(work)


async def test_a_deed_brings_its_points_once_a_day(ana: Holder) -> None:
    await changing.switch("points.own_cup", on=True)
    first, again = [await service.record_deed(ana.member, "own_cup") for _ in range(2)]
    assert ([e.amount for e in first], again) == ([5], [])
    with clock.frozen(START + timedelta(days=1)):
        assert len(await service.record_deed(ana.member, "own_cup")) == 1
    assert await service.verify() == []


async def test_of_the_same_deed_at_once_one_is_booked(ana: Holder) -> None:
    await changing.switch("points.own_cup", on=True)
    await asyncio.gather(*[service.record_deed(ana.member, "own_cup") for _ in range(8)])
    assert await fetchval("SELECT count(*) FROM deed") == 1
    assert await points_of(ana.member) == 5


async def test_a_deed_that_no_rule_is_about_leaves_nothing(ana: Holder) -> None:
    assert await service.record_deed(ana.member, "own_cup") == []
    assert await fetch("SELECT 1 FROM deed") == []


@pytest.mark.parametrize(
    ("once", "subjects", "times"),
    [("always", ["a", "a"], 2), ("subject", ["a", "b", "a"], 2), ("ever", ["a", "b"], 1)],
)
async def test_a_rule_says_what_makes_it_the_same_deed(ana: Holder, once: Any, subjects: list[str], times: int) -> None:
    await changing.add_rule("Survey", EarningSpec(earns=Fixed(3), deed="survey", once=once))
    for subject in subjects:
        await service.record_deed(ana.member, "survey", subject=subject)
    assert await points_of(ana.member) == 3 * times


async def test_another_account_of_the_same_member_does_not_make_it_another_deed(ana: Holder) -> None:
    await changing.add_rule("Survey", EarningSpec(earns=Fixed(3), deed="survey", once="ever"))
    await service.record_deed(ana.member, "survey")
    await execute("UPDATE account SET merge = $2 WHERE id = $1", ana.account, uuid7())
    await execute("INSERT INTO account (id, member, created_at) VALUES ($1, $2, $3)", uuid7(), ana.member, START)
    assert await service.record_deed(ana.member, "survey") == []


async def test_a_deed_says_so_in_both_languages_and_to_those_who_listen(ana: Holder) -> None:
    await changing.switch("points.own_cup", on=True)
    await service.record_deed(ana.member, "own_cup")
    (entry,) = await service.entries(ana.member)
    assert (entry.kind, entry.source, entry.rule) == ("earn", "deed", "points.own_cup")
    assert service.explain(entry) == "Brought an own cup: 5 points"
    with use_locale("zh_Hans"):
        assert set(service.explanations(entry)) == {"en", "zh_Hans"}
    (row,) = await fetch("SELECT payload FROM event WHERE kind = 'points.deed_done'")
    assert (row["payload"]["deed"], row["payload"]["points"]) == ("own_cup", 5)


async def test_caps_hold_for_deeds_too(ana: Holder) -> None:
    await changing.add_rule("Share", EarningSpec(earns=Fixed(4), deed="share", once="always", most_per_day=10))
    for _ in range(4):
        await service.record_deed(ana.member, "share")
    assert await points_of(ana.member) == 10
    assert await fetchval("SELECT count(*) FROM deed") == 3


async def test_what_the_business_names_itself_can_be_noted_by_staff(ana: Holder) -> None:
    await changing.add_rule("Brought a friend's cup", EarningSpec(earns=Fixed(4), deed=""))
    await changing.switch("points.check_in", on=True)
    (choice,) = deeds_by_hand(None)
    assert (str(choice.title), choice.points) == ("Brought a friend's cup", 4)
    await service.note_deed(ana.member, choice.code)
    with pytest.raises(DeedDone, match="has brought its points already"):
        await service.note_deed(ana.member, choice.code)
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'points.deed_noted'") == 1


async def test_what_tessera_notices_itself_is_not_noted_by_staff(ana: Holder) -> None:
    await changing.switch("points.check_in", on=True)
    with pytest.raises(Invalid, match="no points are given for this now"):
        await service.note_deed(ana.member, "check_in")


async def test_a_check_in_brings_points_and_a_visit_to_buy_does_not(ana: Holder) -> None:
    await changing.switch("points.check_in", on=True)

    async def visits() -> None:
        for kind in ("purchase", "check_in", "check_in"):
            await emit("visit.recorded", member=ana.member, visit=uuid7(), kind=kind)

    await reactions.deliver_all()
    await in_transaction(visits)
    await told()
    assert await points_of(ana.member) == 2


async def test_a_profile_brings_points_when_all_is_known_that_is_asked_for(
    member: Callable[..., Awaitable[UUID]],
) -> None:
    await changing.switch("points.profile_completed", on=True)
    await set_setting("points.profile_fields", ["name", "phone", "birthday"])
    await reactions.deliver_all()
    ben = await member("Ben", phone="13800138000")
    await told()
    assert await points_of(ben) == 0
    await members.change_member(ben, 1, members.Changes(birthday="1990-02-28"))
    await told()
    assert await points_of(ben) == 50


async def invited(member: Callable[..., Awaitable[UUID]]) -> tuple[UUID, UUID]:
    ana, ben = await member("Ana"), await member("Ben")
    await members.link(ben, "referrer", ana)
    for code in ("points.referral", "points.referred"):
        await changing.switch(code, on=True)
    await told()
    return ana, ben


async def test_both_sides_of_an_invitation_get_points_when_the_friend_first_buys(
    member: Callable[..., Awaitable[UUID]],
) -> None:
    ana, ben = await invited(member)
    await bought(ben)
    await told()
    assert (await points_of(ana), await points_of(ben)) == (100, 50)
    with clock.frozen(START + timedelta(days=1)):
        await bought(ben)
        await told()
    assert (await points_of(ana), await points_of(ben)) == (100, 50)


async def test_a_friend_who_had_bought_before_brings_nobody_points(member: Callable[..., Awaitable[UUID]]) -> None:
    ana, ben = await member("Ana"), await member("Ben")
    await bought(ben, START - timedelta(days=9))
    ana, ben = await invited_again(ana, ben)
    await bought(ben)
    await told()
    assert (await points_of(ana), await points_of(ben)) == (0, 0)


async def invited_again(ana: UUID, ben: UUID) -> tuple[UUID, UUID]:
    await members.link(ben, "referrer", ana)
    await changing.switch("points.referral", on=True)
    await told()
    return ana, ben


async def test_history_that_is_imported_is_no_deed(ana: Holder) -> None:
    await changing.switch("points.check_in", on=True)
    await reactions.deliver_all()

    async def visit() -> None:
        with importing(uuid7()):
            await emit("visit.recorded", member=ana.member, visit=uuid7(), kind="check_in")

    await in_transaction(visit)
    await told()
    assert await points_of(ana.member) == 0


async def test_nothing_is_noted_of_events_that_no_rule_is_about(ana: Holder) -> None:
    await in_force("Extra", Fixed(5))
    await reactions.deliver_all()
    await bought(ana.member)
    await told()
    assert await fetchval("SELECT count(*) FROM inbox WHERE consumer = 'points.deeds'") == 0
