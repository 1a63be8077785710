"""What a person decides stands until its day, with why and by whom."""

from __future__ import annotations

from datetime import date

import pytest
from core.tiers.ladder import changes, held, last_day, night, on, sell, tier

from tessera.desk.timeline import timeline
from tessera.kernel.database import fetchrow
from tessera.kernel.errors import Invalid
from tessera.tiers.service import by_hand
from tessera.tiers.service.history import changes_of
from tessera.tiers.service.progress import tier_view


async def test_a_tier_by_hand_lasts_through_its_last_day_and_then_is_what_is_met(ana, ladder):
    await by_hand.set_tier(ana, "gold", reason="complaint", last_day=date(2026, 12, 31))
    assert (await tier(ana), await last_day(ana)) == ("gold", date(2026, 12, 31))
    assert (await night(2026, 12, 31))["down"] == 0
    await night(2027, 1, 1)
    assert await changes(ana) == [("basic", "gold", "hand"), ("gold", "basic", "hand_ended")]


async def test_without_a_last_day_nothing_lowers_it(ana, ladder):
    await by_hand.set_tier(ana, "gold", reason="friend of the house")
    await night(2040, 1, 1)
    assert await tier(ana) == "gold"


async def test_doing_more_raises_above_what_was_set(ana, ladder):
    await by_hand.set_tier(ana, "silver", reason="gift")
    await sell(ana, 6000)
    assert (await tier(ana), (await held(ana))["by_hand"]) == ("gold", False)


async def test_less_than_what_was_reached_stands_as_it_was_set(ana, ladder):
    await sell(ana, 6000)
    await by_hand.set_tier(ana, "basic", reason="resold goods", last_day=date(2026, 12, 31))
    await sell(ana, 6000, "R2")
    assert await tier(ana) == "basic"
    with on(2027, 1, 1):
        await sell(ana, 1, "R3")
    assert await tier(ana) == "gold"


async def test_released_the_rules_decide_again(ana, ladder):
    await by_hand.set_tier(ana, "gold", reason="gift")
    await by_hand.release(ana)
    assert (await tier(ana), (await held(ana))["by_hand"], await last_day(ana)) == ("gold", False, date(2027, 11, 19))


async def test_the_reason_and_who_gave_it_stand_in_history_and_audit(ana, ladder):
    await by_hand.set_tier(ana, "gold", reason="complaint")
    (change,) = await changes_of(ana)
    assert (change.reason, change.actor, change.before_title, change.after_title) == (
        "complaint", "Tessera", "Regular member", "Gold",
    )  # fmt: skip
    noted = await fetchrow("SELECT member, facts FROM audit WHERE action = 'tiers.set_by_hand'")
    assert (noted["member"], noted["facts"]["tier"]) == (ana, "gold")


@pytest.mark.parametrize(
    ("code", "reason", "until", "field"),
    [
        ("platinum", "gift", None, "tier"),
        ("gold", "  ", None, "reason"),
        ("gold", "gift", date(2026, 11, 19), "until"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(ana, ladder, code, reason, until, field):
    with pytest.raises(Invalid) as refused:
        await by_hand.set_tier(ana, code, reason=reason, last_day=until)
    assert [error.field for error in refused.value.errors] == [field]


async def test_what_is_missing_stands_in_plain_words(ana, ladder):
    await sell(ana, 1200)
    view = await tier_view(ana)
    assert view.text["en"] == ("Tier: Silver, until November 20, 2027. Still missing for Gold: Spent ¥3,800.00.")
    assert [(one.tier.code, one.share) for one in view.progress] == [("gold", 24), ("diamond", 12)]


async def test_whoever_was_warned_reads_what_keeps_the_tier(ana, ladder):
    await sell(ana, 1200)
    await night(2027, 11, 1)
    with on(2027, 11, 1):
        view = await tier_view(ana)
    assert view.warning is not None
    assert [(one.metric, one.missing) for one in view.warning.metrics] == [("spend", 100_000)]
    assert "Still missing for Silver by November 20, 2027: Spent ¥1,000.00." in view.text["en"]


async def test_the_timeline_tells_of_warnings_and_changes(ana, ladder):
    await sell(ana, 1200)
    await night(2027, 11, 1)
    lines = (await timeline(ana)).lines
    told = {line.kind: (line.title, line.detail) for line in lines}
    assert told["tier.changed"] == ("Rose to Silver", "Regular member → Silver")
    assert told["tier.warning"] == ("Silver ends on November 20, 2027 unless it is reached again", "")
