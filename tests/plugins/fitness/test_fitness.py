"""What the plugin brings to a gym beside its record type."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from babel.messages.pofile import read_po

import tessera_fitness
from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.kernel.business import setting
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.kernel.migrations import find_migrations
from tessera.kernel.migrations.write import tables_in, write_migration
from tessera.kernel.plugins import plugin_settings
from tessera.kernel.plugins.state import change_plugin_settings
from tessera.kernel.texts import translate, use_locale
from tessera.members import service as members
from tessera.members.service.create import NewMember
from tessera.plugin import add_record
from tessera_fitness import samples, service, starter
from tessera_fitness.messages import we_miss_you
from tessera_fitness.points import is_off_peak
from tessera_fitness.rules import no_visit
from tessera_fitness.settings import FitnessSettings
from tessera_fitness.tables import BodyTest
from tessera_hooks import Award
from tessera_hooks.conditions import facts_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def award(hour: int) -> Award:
    """Points of a purchase at an hour of the store's clock."""
    at = datetime(2026, 11, 20, hour, 30, tzinfo=SHANGHAI)
    return Award(uuid7(), None, None, "purchase", at, "CNY", 10_000)


def answers(plugin_host, hour: int) -> list[Fraction]:
    """What the plugin says of a purchase at an hour."""
    return [value for name, value in plugin_host.answers("points_multiplier", award=award(hour)) if name == "fitness"]


async def test_quiet_hours_change_nothing_until_a_factor_is_chosen(business, plugin_host):
    assert answers(plugin_host, 11) == []


async def test_quiet_hours_earn_by_the_factor_and_other_hours_do_not(business, plugin_host):
    await change_plugin_settings("fitness", {"off_peak_points_factor": "1.5"})
    assert answers(plugin_host, 10) == [Fraction(3, 2)]
    assert answers(plugin_host, 15) == [Fraction(3, 2)]
    assert answers(plugin_host, 9) == answers(plugin_host, 16) == []


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (0, True), (5, True), (6, False)])
def test_quiet_hours_may_pass_midnight(hour, quiet):
    assert is_off_peak(hour, FitnessSettings(off_peak_from=22, off_peak_until=6)) is quiet


def test_hours_that_begin_where_they_end_are_none():
    assert not any(is_off_peak(hour, FitnessSettings(off_peak_from=8, off_peak_until=8)) for hour in range(24))


@pytest.mark.parametrize("wrong", [{"off_peak_from": 25}, {"off_peak_points_factor": "a lot"}])
async def test_settings_that_make_no_sense_are_refused(business, wrong):
    with pytest.raises(msgspec.ValidationError):
        await change_plugin_settings("fitness", wrong)


async def test_the_starter_set_may_be_applied_twice_and_switches_nothing_on(business):
    await starter.prepare()
    await starter.prepare()
    assert setting("fitness.settings") == msgspec.to_builtins(FitnessSettings())
    assert plugin_settings("fitness").off_peak_points_factor == "1"


def test_the_rule_asks_for_days_without_a_visit_and_fires_once_for_each_last_day():
    assert list(facts_of(no_visit.condition)) == ["visits.days_since_last"]
    assert no_visit.cause.fact == "visits.last_day"
    assert [(p.default, p.low, p.high) for p in no_visit.parameters] == [(14, 3, 365)]
    assert [action.template for action in no_visit.actions] == [we_miss_you.name]


def test_the_message_speaks_both_languages_and_names_no_measure():
    assert we_miss_you.purpose == "marketing"
    for texts in (we_miss_you.subject, we_miss_you.body):
        assert set(texts) == {"en", "zh_Hans"}
        for text in texts.values():
            assert not any(word in text.lower() for word in ("bmi", "kg", "体重", "体脂"))


async def test_the_coach_may_do_what_a_coach_does_and_no_more(business, plugin_host):
    held = access.roles()["fitness.coach"].permissions
    coach = Actor("staff", "Chen", (Grant(tuple(held)),))
    assert all(coach.may(p) for p in ("members.read", "fitness.body_test.write", "purchases.read"))
    assert not any(coach.may(p) for p in ("members.write", "members.reveal", "points.write", "settings.write"))


async def test_the_summary_says_the_last_bmi_to_those_who_may_see_it(store, plugin_host):
    with system_actor():
        ana = await members.create_member(NewMember(name="Ana", birthday="1990-02-28", store=store))
        ben = await members.create_member(NewMember(name="Ben", store=store))
        for member in (ana, ben):
            await add_record(BodyTest, member, {"height": 165, "weight": 63})
        said = await service.summaries([ana, ben])
    assert said == {ana: "BMI 23.1, normal", ben: "BMI 23.1"}
    with acting_as(Actor("staff", "Zhou", (Grant(("members.read",), store),), store=store)):
        assert await service.summaries([ana, ben]) == {}


async def test_todays_card_counts_today(store):
    with system_actor():
        ana = await members.create_member(NewMember(name="Ana", store=store))
        await add_record(BodyTest, ana, {"weight": 63})
        await add_record(BodyTest, ana, {"weight": 64, "recorded_on": "2026-01-01"})
        card = await service.today_card(None)
    assert [test.values["weight"] for test in card["tests"]] == [Decimal("63.0")]


async def test_samples_are_the_same_every_time_and_within_half_a_year(store):
    with system_actor():
        people = [await members.create_member(NewMember(name=f"M{i}", store=store)) for i in range(6)]
        made = []
        for _ in range(2):
            await in_transaction(lambda: samples.create(people))
            made.append(await fetchval("SELECT array_agg(weight ORDER BY id) FROM fitness.body_test"))
    assert made[1] == made[0] * 2
    rows = await fetch(
        "SELECT count(*) AS n, max(recorded_on) - min(recorded_on) AS days FROM fitness.body_test GROUP BY member"
    )
    assert len(rows) == 4
    assert all(row["n"] >= 8 and row["days"] <= samples.SPAN for row in rows)


def test_every_text_of_the_plugin_has_its_chinese(plugin_host):
    folder = Path(tessera_fitness.__file__).parent / "locale/zh_Hans/LC_MESSAGES/fitness.po"
    with folder.open("rb") as file:
        assert all(message.string for message in read_po(file) if message.id)
    with use_locale("zh_Hans"):
        for hook in ("record_types", "roles", "rules", "message_templates", "starter_set"):
            for declared in plugin_host.declared(hook):
                if declared.plugin == "fitness":
                    assert translate(declared.value.title) != str(declared.value.title)


async def test_the_migrations_make_exactly_the_tables_that_are_declared(plugin_host):
    candidate = plugin_host.plugins["fitness"].candidate
    found = find_migrations("fitness", candidate.migrations_folder, candidate.package)
    assert await write_migration(found, tables_in("tessera_fitness.tables"), name="difference") is None
