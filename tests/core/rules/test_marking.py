"""A rule gives and takes tags and moves stages, once for one cause, and is named in what it did."""

import pytest

from tessera.kernel.database import fetchval
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins import host
from tessera.members.service import stages, tags
from tessera.rules import service
from tessera_hooks import AddTag, Cause, Compare, Daily, MoveStage, RemoveTag, Rule, _


def marking(*actions: object) -> Rule:
    return Rule(
        "mark",
        _("Mark"),
        _("Marks those who stay away."),
        trigger=Daily("09:00"),
        condition=Compare("test.days_away", ">=", 14),
        cause=Cause("test.last_seen", after_days=14),
        actions=actions,
    )


@pytest.fixture
async def ana(declared, member_named, store, seen, day):
    """Someone who will have stayed away on day 14, when the rule acts."""
    declared(
        "rules", marking(AddTag("Asleep"), RemoveTag("Awake"), MoveStage("dormant", _("has stayed away for two weeks")))
    )
    member = await member_named(store=store)
    await seen(member, 0)
    await tags.tag_members([member], ["Awake"])
    with day(13):
        await service.switch_on("mark")
    with day(14):
        await service.run_due()
    return member


async def test_it_gives_one_tag_and_takes_another(ana):
    [given] = await tags.tags_given(ana)
    assert (given.name, given.rule) == ("Asleep", "mark")


async def test_it_moves_the_stage_and_says_why(ana):
    [move] = await stages.moves_of(ana)
    assert (move.after, move.rule, move.reason) == ("dormant", "mark", {"text": "has stayed away for two weeks"})


async def test_what_it_did_stands_with_its_firing(ana):
    did = await fetchval("SELECT did FROM rule_firing WHERE member = $1", ana)
    assert did == {"tag_added": "Asleep", "tag_removed": "Awake", "stage": "dormant"}


async def test_run_again_it_does_nothing_more(ana, day):
    await tags.tag_members([ana], remove=["Asleep"])
    with day(15):
        await service.run_due()
    assert await tags.tags_given(ana) == []


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (AddTag(""), 'the tag "" cannot be given: a tag has 1 to 60 characters'),
        (MoveStage("gone", _("why")), 'there is no stage "gone": choose from prospect, new, active, dormant, lost'),
    ],
)
def test_an_action_that_could_never_work_stops_the_start(plugin_host, declared, action, sentence):
    declared("rules", marking(action))
    with pytest.raises(CannotRun, match=sentence):
        service.check_declarations(host())
