"""Texts: what they may say, in which language, and what the integrator changed."""

import pytest

from tessera.kernel.errors import Invalid
from tessera.messaging import service
from tessera.messaging.service.render import CannotRender, TemplateRefused


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{ member.phone }}", 'a text cannot say "member.phone"'),
        ("{{ password }}", 'a text cannot say "password"'),
        ("{{ member.name.__class__ }}", 'a text cannot say "__class__"'),
        ("{{ member['name'] }}", "does more than a text may"),
        ("{{ ''.join([1]) }}", "does more than a text may"),
        ("{% for x in member.name %}{% endfor %}", "does more than a text may"),
        ("{% set x = 1 %}", "does more than a text may"),
        ("{{ 9 ** 99999 }}", "does more than a text may"),
        ("{{ member.name | center(9999) }}", 'there is no filter "center"'),
        ("{{ member.name", "line 1 cannot be read"),
    ],
)
def test_a_text_that_does_more_than_name_things_is_refused(text, sentence):
    with pytest.raises(TemplateRefused) as refused:
        service.check_template(text)
    assert sentence in refused.value.message


def test_a_text_may_choose_between_words():
    text = "{% if member.name %}Dear {{ member.name }}{% else %}Hello{% endif %}"
    assert service.render(text, {"member": {"name": ""}}) == "Hello"


def test_a_missing_value_is_never_an_empty_place():
    with pytest.raises(CannotRender, match="number"):
        service.render("{{ values.number }}", {"values": {}})


async def test_a_changed_text_is_in_force_and_an_empty_one_goes_back(business):
    await service.change_template("hello", {"en": "Hey"}, {"en": "Come back"})
    assert (await service.template("hello")).subject["en"] == "Hey"
    assert (await service.template("hello")).body["zh_Hans"] == "{{ store.name }}想念您。"
    await service.change_template("hello", {"en": ""}, {"en": ""})
    assert (await service.template("hello")).subject["en"] == "Hello {{ member.name }}"


async def test_a_wrong_text_is_refused_by_its_field_and_nothing_is_kept(business):
    with pytest.raises(Invalid) as refused:
        await service.change_template("hello", {"en": "{{ member.phone }}"}, {"zh_Hans": "好"})
    assert [error.field for error in refused.value.errors] == ["subject_en"]
    assert (await service.template("hello")).changed_at is None


@pytest.mark.parametrize(("wanted", "written"), [("zh-TW", "zh_Hans"), ("en-GB", "en"), ("fr", "en"), (None, "en")])
async def test_a_member_without_a_text_in_their_language_gets_the_businesss(business, wanted, written):
    assert (await service.template("hello")).language_for(wanted) == written


async def test_a_preview_fills_in_an_invented_member(business):
    seen = service.preview("zh_Hans", "{{ member.name }}您好", "来自{{ business.name }}", "service")
    assert (seen.subject, seen.body) == ("王小明您好", "来自Harbour Gym")


async def test_a_preview_says_what_is_wrong(business):
    assert "cannot say" in service.preview("en", "{{ member.phone }}", "", "service").problem
