"""A rule or text that could never work stops the start, with the plugin's name and what to do."""

from dataclasses import replace

import pytest

from tessera.kernel.errors import CannotRun
from tessera.rules.service import check_declarations
from tessera_hooks import Cause, Compare, Daily, MessageTemplate, OpenTask, Param, Parameter, Rule, SendMessage, _

GOOD = Rule(
    "good",
    _("Good"),
    _("Good"),
    Daily("09:00"),
    Compare("test.days_away", ">=", Param("days")),
    Cause("test.last_seen", Param("days")),
    [SendMessage("missed")],
    [Parameter("days", _("Days"), 14, 1, 99)],
)


def test_what_is_shipped_is_in_order(plugin_host):
    check_declarations(plugin_host)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"condition": Compare("test.days_awy", ">=", 3)},
         'rule "good": there is no fact "test.days_awy", did you mean "test.days_away"?'),
        ({"condition": Compare("test.days_away", ">=", Param("dayz"))}, 'the parameter "dayz", which is not declared'),
        ({"cause": Cause("test.days_away")}, 'the cause "test.days_away" is no fact of a date'),
        ({"cause": Cause("test.last_seen", Param("x"))}, 'the cause waits for the parameter "x"'),
        ({"trigger": Daily("9 o'clock")}, '"9 o\'clock" is no time of the day: write it as 09:00'),
        ({"actions": [SendMessage("gone")]}, 'there is no text "gone": add it to message_templates()'),
        ({"actions": [OpenTask(_("Call"), role="pilot")]}, 'there is no role "pilot": add it to roles()'),
        ({"actions": []}, "it has no actions: give it one"),
        ({"parameters": [Parameter("days", _("Days"), 0, 1, 99)]}, 'parameter "days" is 0 outside of its bounds'),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused(plugin_host, declared, change, sentence):
    declared("rules", replace(GOOD, **change))
    with pytest.raises(CannotRun) as refused:
        check_declarations(plugin_host)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith('plugin "core", rule "good": ')


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"en": "{{ member.phone }}"}, 'text "bad": a text cannot say "member.phone"'),
        ({"en": "{{ member.name"}, 'text "bad": line 1 cannot be read'),
        ({"zh_Hans": "您好"}, 'text "bad": give subject and body in the same languages'),
    ],
)
def test_a_text_that_cannot_work_is_refused(plugin_host, declared, texts, sentence):
    declared("message_templates", MessageTemplate("bad", _("Bad"), "marketing", {"en": "Hello"}, texts))
    with pytest.raises(CannotRun, match='plugin "core"') as refused:
        check_declarations(plugin_host)
    assert sentence in str(refused.value)
