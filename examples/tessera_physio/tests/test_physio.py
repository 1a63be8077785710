"""A practice at work, on a real database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tessera_physio.formulas import relief
from tessera_physio.service import summaries
from tessera_physio.tables import Treatment

from tessera.plugin import Invalid, add_record, change_settings, records_of, translate
from tessera_hooks import Person

ANYBODY = Person(sex=None, age=None)


@pytest.mark.parametrize(("before", "after", "less"), [(8, 3, 5), (4, 4, 0), (2, 5, -3)])
def test_relief_is_the_change_of_the_score(before, after, less):
    assert relief({"pain_before": before, "pain_after": after}, ANYBODY) == Decimal(less)


async def test_a_treatment_knows_its_relief(member):
    ana = await member("Ana")
    await add_record(Treatment, ana, {"region": "knee", "pain_before": 8, "pain_after": 3})
    (found,) = await records_of(Treatment, ana)
    assert found.values["relief"] == 5


async def test_relief_waits_until_the_pain_after_is_known(member):
    ana = await member("Ana")
    made = await add_record(Treatment, ana, {"region": "knee", "pain_before": 8})
    assert made.values["relief"] is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"region": "knee", "pain_before": 11}, "pain_before"),
        ({"region": "soul", "pain_before": 4}, "region"),
        ({"region": "knee"}, "pain_before"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(member, values, field):
    with pytest.raises(Invalid) as refused:
        await add_record(Treatment, await member("Ana"), values)
    assert [error.field for error in refused.value.errors] == [field]


async def test_who_left_with_severe_pain_is_seen_in_lists(member):
    ana, ben = await member("Ana"), await member("Ben")
    await add_record(Treatment, ana, {"region": "back", "pain_before": 9, "pain_after": 8})
    await add_record(Treatment, ben, {"region": "back", "pain_before": 9, "pain_after": 2})
    assert await summaries([ana, ben]) == {ana: "pain 8/10"}


async def test_from_where_pain_is_severe_is_for_the_practice_to_say(member):
    ana = await member("Ana")
    await add_record(Treatment, ana, {"region": "back", "pain_before": 6, "pain_after": 4})
    await change_settings("physio", {"severe": 4})
    assert await summaries([ana]) == {ana: "pain 4/10"}


async def test_every_text_is_said_in_chinese(plugin_host):
    titles = [d.value.title for d in plugin_host.declared("record_types") if d.plugin == "physio"]
    assert [translate(title, "zh_Hans") for title in titles] == ["理疗记录"]
