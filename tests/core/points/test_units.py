"""Units that plugins declare: found by their name, called as people call them, credited and debited like points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from core.points.people import START, Holder

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.errors import Invalid
from tessera.kernel.texts import translate
from tessera.plugin import ledger
from tessera.points import service
from tessera.points.saying import say_amount
from tessera.points.service.units import known_unit, unit_titles
from tessera_hooks import Expiry


async def give(holder: Holder, amount: int, unit: str = "dummy.claps") -> None:
    await ledger.credit(holder.member, unit, amount, reason="applause", source="dummy.show")


async def test_points_are_a_unit_that_expires_as_the_business_says(business):
    assert known_unit("points").expiry == Expiry("month_end", 24)
    await set_setting("points.expiry", {"kind": "days", "n": 90})
    assert known_unit("points").expiry == Expiry("days", 90)


async def test_a_unit_of_a_plugin_is_known_by_its_full_name(business):
    claps = known_unit("dummy.claps")
    assert (claps.scale, claps.floor, claps.by_hand, claps.plugin) == (1, -50, True, "dummy")


async def test_money_counts_as_its_currency_does(business):
    purse = known_unit("dummy.purse.JPY")
    assert (purse.scale, purse.currency, purse.by_hand) == (0, "JPY", False)


@pytest.mark.parametrize(
    "name", ["dummy.clap", "dummy.claps.loud", "dummy.purse", "dummy.purse.XXQ", "dummy.jars", "pts", "", "dummy.\x00"]
)
async def test_an_unknown_unit_is_refused(business, name):
    with pytest.raises(Invalid, match="there is no unit"):
        known_unit(name)


async def test_the_refusal_names_the_nearest_unit(business):
    with pytest.raises(Invalid, match=r'did you mean "dummy\.claps"'):
        known_unit("dummy.clap")


async def test_a_family_is_called_as_its_plugin_says(business):
    titles = await unit_titles(["dummy.jars.honey", "dummy.jars.tar", "dummy.purse.CNY", "dummy.purse.USD", "gone.x"])
    assert [str(title) for title in titles.values()] == [
        "Jar of honey",
        "Jars (tar)",
        "Purse",
        "Purse (USD)",
        "gone.x",
    ]
    assert translate(titles["dummy.jars.honey"], "zh_Hans") == "一罐蜂蜜"


async def test_amounts_are_said_as_the_unit_counts(business):
    said = [say_amount(1250, unit) for unit in ("points", "dummy.claps", "dummy.purse.CNY")]
    assert said == ["1,250", "125", "¥12.50"]


async def test_a_credit_lasts_as_its_unit_says(ana):
    await give(ana, 5)
    (lot,) = (await service.balances(ana.member))["dummy.claps"].expiring
    assert lot.at == datetime(2026, 4, 9, 16, tzinfo=UTC)


async def test_a_debit_may_go_down_to_the_floor_and_no_further(ana):
    await give(ana, 20)
    await ledger.debit(ana.member, "dummy.claps", 60, reason="shown off", source="dummy.show")
    with pytest.raises(ledger.InsufficientBalance) as refused:
        await ledger.debit(ana.member, "dummy.claps", 11, reason="too much", source="dummy.show")
    held = (await service.balances(ana.member))["dummy.claps"]
    assert (held.available, held.debt, refused.value.facts["available"]) == (-40, 40, 10)


async def test_what_is_owed_counts_until_that_which_paid_it_has_opened(ana):
    opens = START + timedelta(days=3)
    await ledger.credit(ana.member, "dummy.claps", 100, reason="later", source="dummy.show", opens_at=opens)
    await ledger.debit(ana.member, "dummy.claps", 50, reason="ahead", source="dummy.show")
    with pytest.raises(ledger.InsufficientBalance):
        await ledger.debit(ana.member, "dummy.claps", 1, reason="below the floor", source="dummy.show")
    with clock.frozen(opens):
        held = (await service.balances(ana.member))["dummy.claps"]
        assert (held.available, held.debt) == (50, 0)


async def test_a_credit_that_opens_later_is_pending_until_then(ana):
    opens = START + timedelta(days=3)
    await ledger.credit(ana.member, "dummy.claps", 7, reason="later", source="dummy.show", opens_at=opens)
    held = (await service.balances(ana.member))["dummy.claps"]
    assert (held.available, held.pending, held.balance) == (0, 7, 7)
    with pytest.raises(ledger.InsufficientBalance):
        await ledger.debit(ana.member, "dummy.visits", 1, reason="early", source="dummy.show")
    with clock.frozen(opens):
        assert await ledger.available(ana.member, "dummy.claps") == 7


async def test_what_is_owed_is_paid_by_a_credit_that_opens_later(ana):
    await give(ana, 10)
    await ledger.debit(ana.member, "dummy.claps", 40, reason="ahead", source="dummy.show")
    opens = START + timedelta(days=3)
    await ledger.credit(ana.member, "dummy.claps", 50, reason="later", source="dummy.show", opens_at=opens)
    with clock.frozen(opens):
        assert await ledger.available(ana.member, "dummy.claps") == 20
    assert await service.verify() == []


async def test_activity_lets_all_that_lives_by_it_last(ana):
    await give(ana, 5, "dummy.visits")
    with clock.frozen(START + timedelta(days=8)):
        await give(ana, 1, "dummy.visits")
    with clock.frozen(START + timedelta(days=15)):
        assert await ledger.available(ana.member, "dummy.visits") == 6
        await ledger.debit(ana.member, "dummy.visits", 1, reason="came", source="dummy.show")
    with clock.frozen(START + timedelta(days=25)):
        assert await ledger.available(ana.member, "dummy.visits") == 5
        assert await service.verify() == []
    with clock.frozen(START + timedelta(days=26)):
        assert await ledger.available(ana.member, "dummy.visits") == 0


async def test_what_inactivity_has_closed_stays_closed(ana):
    await give(ana, 5, "dummy.visits")
    with clock.frozen(START + timedelta(days=11)):
        await give(ana, 1, "dummy.visits")
        assert await ledger.available(ana.member, "dummy.visits") == 1


async def test_a_late_arrival_lasts_as_long_as_what_is_there(ana):
    await give(ana, 5, "dummy.visits")
    await ledger.credit(ana.member, "dummy.visits", 2, reason="late", source="dummy.show", at=START - timedelta(days=9))
    with clock.frozen(START + timedelta(days=10)):
        assert await ledger.available(ana.member, "dummy.visits") == 7
    assert await service.verify() == []
