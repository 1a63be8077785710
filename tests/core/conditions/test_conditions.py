"""Conditions are refused when they cannot be asked, and mean the same in SQL and in Python."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tessera.conditions import Binder, ConditionRefused, check, compile_condition, describe, evaluate
from tessera.kernel.database import fetchval
from tessera.kernel.texts import translate
from tessera_hooks import AllOf, AnyOf, Compare, Fact, Not, Param, _

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)

FACTS = {
    f.name: f
    for f in [
        Fact("visits.days", _("Days since the last visit"), "number", "m.days"),
        Fact("visits.count", _("Visits"), "number", "m.count"),
        Fact("members.stage", _("Stage"), "text", "m.stage"),
        Fact("members.agreed", _("Agreed to messages"), "yes_no", "m.agreed"),
        Fact("visits.last_day", _("Last visit"), "date", "m.day"),
        Fact("members.joined", _("Joined"), "moment", "m.moment"),
        Fact("members.tags", _("Tags"), "texts", "m.tags", _("has the tag {value}")),
    ]
}
COLUMNS = {
    "visits.days": ("days", "numeric"),
    "visits.count": ("count", "numeric"),
    "members.stage": ("stage", "text"),
    "members.agreed": ("agreed", "boolean"),
    "visits.last_day": ("day", "date"),
    "members.joined": ("moment", "timestamptz"),
    "members.tags": ("tags", "text[]"),
}

numbers = st.one_of(
    st.integers(-50, 50),
    st.decimals(-50, 50, places=2).map(str),
)
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4)
days = st.dates(date(2026, 1, 1), date(2026, 1, 9))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 3), timezones=st.just(UTC))

VALUES = st.fixed_dictionaries(
    {
        "visits.days": st.none() | numbers.map(Decimal),
        "visits.count": st.none() | numbers.map(Decimal),
        "members.stage": st.none() | words,
        "members.agreed": st.none() | st.booleans(),
        "visits.last_day": st.none() | days,
        "members.joined": st.none() | moments,
        "members.tags": st.none() | st.lists(words, max_size=3),
    }
)

order = st.sampled_from(["==", "!=", ">=", "<=", ">", "<"])
number_facts = st.sampled_from(["visits.days", "visits.count"])
COMPARES = st.one_of(
    st.builds(Compare, number_facts, order, numbers | st.just(Param("n"))),
    st.builds(Compare, number_facts, st.just("in"), st.lists(numbers.map(str), max_size=3)),
    st.builds(Compare, st.just("members.stage"), st.sampled_from(["==", "!="]), words),
    st.builds(Compare, st.just("members.stage"), st.just("in"), st.lists(words, max_size=3)),
    st.builds(Compare, st.just("members.agreed"), st.sampled_from(["==", "!="]), st.booleans()),
    st.builds(Compare, st.just("visits.last_day"), order, days.map(date.isoformat)),
    st.builds(
        Compare,
        st.just("members.joined"),
        st.sampled_from([">=", "<=", ">", "<"]),
        moments.map(datetime.isoformat),
    ),
    st.builds(Compare, st.just("members.tags"), st.just("has"), words),
)
CONDITIONS = st.recursive(
    COMPARES,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(AllOf, st.lists(parts, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


async def in_sql(condition, values, parameters=None):
    binder = Binder(now=NOW, today=TODAY)
    columns = [f"{binder.bind(values.get(fact), kind)} AS {name}" for fact, (name, kind) in COLUMNS.items()]
    met = compile_condition(condition, binder, parameters, FACTS)
    return await fetchval(f"SELECT {met} FROM (SELECT {', '.join(columns)}) AS m", *binder.args)


@given(condition=CONDITIONS, values=VALUES, n=st.integers(-50, 50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
async def test_sql_and_python_give_the_same_answer(database_pool, condition, values, n):
    check(condition, ["n"], FACTS)
    assert await in_sql(condition, values, {"n": n}) is evaluate(condition, values, {"n": n}, FACTS)


@pytest.mark.parametrize("op", ["==", "!=", ">=", "<=", ">", "<"])
async def test_a_missing_fact_makes_a_comparison_false_and_its_negation_true(database_pool, op):
    compare = Compare("visits.days", op, 14)
    assert await in_sql(compare, {}) is False
    assert await in_sql(Not(compare), {}) is True
    assert evaluate(compare, {}, facts=FACTS) is False
    assert evaluate(Not(compare), {}, facts=FACTS) is True


async def test_what_a_rule_holds_against_a_fact_is_bound_and_never_written_into_the_sql(database_pool):
    attack = "x'); DROP TABLE event; --"
    binder = Binder(now=NOW, today=TODAY)
    sql = compile_condition(Compare("members.stage", "==", attack), binder, facts=FACTS)
    assert attack not in sql
    assert binder.args == [attack]
    assert await in_sql(Compare("members.stage", "==", attack), {"members.stage": attack}) is True


def test_now_and_today_are_bound_once_however_often_facts_ask():
    facts = {"a.b": Fact("a.b", _("B"), "number", "({today} - m.day) + ({today} - m.other)")}
    binder = Binder(now=NOW, today=TODAY)
    compile_condition(Compare("a.b", ">", 3), binder, facts=facts)
    assert binder.args == [TODAY, Decimal(3)]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (Compare("visits.dayz", ">=", 14), 'there is no fact "visits.dayz", did you mean "visits.days"?'),
        (Compare("zzz", ">=", 14), 'there is no fact "zzz"'),
        (Compare("members.stage", ">", "new"), 'fact "members.stage" cannot be asked with >: use one of != == in'),
        (Compare("visits.days", ">=", "soon"), 'fact "visits.days" needs a whole number, or a decimal written as text'),
        (Compare("visits.days", "==", True), 'fact "visits.days" needs a whole number, or a decimal written as text'),
        (Compare("members.agreed", "==", 1), 'fact "members.agreed" needs true or false'),
        (Compare("visits.last_day", "==", "21.11.2026"), 'fact "visits.last_day" needs a day such as 2026-11-21'),
        (Compare("members.stage", "==", "a\x00b"), 'fact "members.stage" needs text'),
        (Compare("members.tags", "==", "VIP"), 'fact "members.tags" cannot be asked with ==: use one of has'),
        (Compare("members.stage", "has", "new"), 'fact "members.stage" cannot be asked with has: use one of != == in'),
        (Compare("members.tags", "has", 3), 'fact "members.tags" needs text'),
        (Compare("members.stage", "in", "new"), 'fact "members.stage" needs a list, each text'),
        (
            Compare("visits.days", ">=", Param("days")),
            'fact "visits.days" is held against the parameter "days", which is not declared',
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(condition, sentence):
    with pytest.raises(ConditionRefused) as refused:
        check(AllOf((Not(condition),)), (), FACTS)
    assert refused.value.message == sentence
    assert refused.value.errors[0].field == "condition"


def test_a_condition_nested_without_end_is_refused():
    condition = Compare("visits.days", ">=", 14)
    for _step in range(30):
        condition = Not(condition)
    with pytest.raises(ConditionRefused, match="nested at most 20 deep"):
        check(condition, (), FACTS)


LONG_ABSENT = AllOf(
    (
        Compare("visits.days", ">=", Param("days")),
        AnyOf((Compare("members.stage", "in", ["new", "active"]), Not(Compare("members.agreed", "==", False)))),
    )
)


def test_a_condition_reads_back_as_a_sentence():
    assert describe(LONG_ABSENT, "en", {"days": 14}, FACTS) == (
        "“Days since the last visit” is at least 14 and "
        "(“Stage” is one of “new”, “active” or not the case: “Agreed to messages” is no)"
    )


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [(_("has the tag {value}"), "has the tag “VIP”"), (None, "“Tags” has “VIP”")],
)
def test_what_a_set_holds_is_said_in_its_own_words(fact, sentence):
    facts = {"members.tags": Fact("members.tags", _("Tags"), "texts", "m.tags", fact)}
    assert describe(Compare("members.tags", "has", "VIP"), "en", {}, facts) == sentence
    assert describe(Not(Compare("members.tags", "has", "VIP")), "en", {}, facts) == f"not the case: {sentence}"


def test_a_day_is_said_as_people_write_it():
    later = Compare("visits.last_day", ">=", "2026-11-01")
    assert describe(later, "en", {}, FACTS) == "“Last visit” is November 1, 2026 or later"


def test_a_condition_without_parts_says_so():
    assert describe(AllOf(()), "en", {}, FACTS) == translate(_("everyone"), "en")
    assert describe(AnyOf(()), "en", {}, FACTS) == translate(_("nobody"), "en")
