"""Consents: the last word holds, every word is kept, and for a child a guardian agrees."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import service as access
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchval
from tessera.members import service
from tessera.members.imports import ImportInUse, ImportOptions, undo
from tessera.members.imports.consents import import_consents
from tessera.members.imports.people import import_members
from tessera.members.service import GuardianNeeded, merging
from tessera.members.service.agreeing import most_restrictive

states = st.sampled_from(["granted", "refused", "never_asked"])
OFFERS = ("marketing", "sms")


def born(years: int, days: int = 0) -> str:
    today = business().today()
    return str(today.replace(year=today.year - years) - timedelta(days=days))


async def agree(member, **said):
    await service.set_consent(member, *OFFERS, "granted", source="desk", **said)


async def refuse(member, **said):
    await service.set_consent(member, *OFFERS, "refused", source="desk", **said)


async def state(member):
    return await service.consent_state(member, *OFFERS)


# Every word


async def test_every_word_is_kept_and_the_last_one_holds(member):
    ana = await member("Ana")
    await agree(ana, wording="May we write to you?")
    await refuse(ana)
    await refuse(ana)
    words = await service.consent_words(ana)
    assert [(w.state, w.wording, w.actor) for w in words] == [
        ("refused", "", "Tessera"),
        ("granted", "May we write to you?", "Tessera"),
    ]
    assert await state(ana) == "refused"


async def test_words_that_are_said_at_once_are_all_kept_and_one_holds(member):
    ana = await member("Ana")
    await asyncio.gather(*[(agree if n % 2 else refuse)(ana, wording=f"{n}") for n in range(12)])
    words = await service.consent_words(ana)
    assert len(words) == 12
    assert words[0].state == await state(ana)


async def test_a_consent_stands_in_the_audit_without_what_was_said(member):
    ana = await member("Ana")
    await agree(ana, wording="May we write to you?", given_by="her sister")
    noted = str([dict(row) for row in await fetch("SELECT * FROM audit")])
    assert "members.consent_changed" in noted
    assert [word for word in ("May we", "sister") if word in noted] == []


# Children


async def test_a_child_cannot_agree_without_a_guardian(member):
    child = await member("王小小", birthday=born(13))
    with pytest.raises(GuardianNeeded, match="link a guardian first"):
        await agree(child)
    assert await state(child) == "never_asked"


async def test_anyone_may_refuse(member):
    child = await member("王小小", birthday=born(5))
    await refuse(child)
    assert await state(child) == "refused"


async def test_a_linked_guardian_agrees_for_a_child(member):
    child, mother = await member("王小小", birthday=born(5)), await member("李文")
    await service.link(child, "guardian", mother)
    with pytest.raises(GuardianNeeded, match="say which one") as refused:
        await agree(child)
    assert refused.value.facts["guardians"] == [str(mother)]
    await agree(child, guardian=mother)
    assert (await service.consent_words(child))[0].guardian == "李文"


async def test_someone_who_is_no_guardian_does_not_agree_for_others(member):
    child, other = await member("王小小", birthday=born(5)), await member("赵六")
    with pytest.raises(GuardianNeeded, match="this is no guardian of the member"):
        await agree(child, guardian=other)


async def test_a_former_guardian_agrees_no_more(member):
    child, father = await member("王小小", birthday=born(5)), await member("王强")
    await service.link(child, "guardian", father, until=business().today() - timedelta(days=1))
    with pytest.raises(GuardianNeeded):
        await agree(child, guardian=father)


async def test_on_the_fourteenth_birthday_one_is_a_child_still_and_not_the_day_after(member):
    on_the_day, after = await member("一", birthday=born(14)), await member("二", birthday=born(14, days=1))
    assert (await service.is_child(on_the_day), await service.is_child(after)) == (True, False)


async def test_without_a_year_of_birth_a_guardian_tells_a_child(member):
    child, adult, mother = await member("王小小", birthday="05-01"), await member("Ana"), await member("李文")
    await service.link(child, "guardian", mother)
    assert [await service.is_child(one) for one in (child, adult, mother)] == [True, False, False]


async def test_what_a_guardian_said_stays_when_the_child_grows_up(member):
    child, mother = await member("王小小", birthday=born(13)), await member("李文")
    await service.link(child, "guardian", mother)
    await agree(child, guardian=mother)
    await execute("UPDATE member SET birth_year = birth_year - 5 WHERE id = $1", child)
    assert await state(child) == "granted"
    await refuse(child)
    await agree(child)
    assert await state(child) == "granted"


async def test_a_guardian_is_not_named_to_a_program_for_which_they_do_not_exist(api_client, member, store):
    elsewhere = (await access.add_store("pd", "Pudong")).id
    mother = await service.create_member(service.NewMember(name="李文", store=elsewhere))
    child = await member("王小小", birthday=born(5))
    await service.link(child, "guardian", mother)
    await agree(child, guardian=mother)
    told = []
    for where in (store, None):
        async with await api_client("members.read", where=where) as key:
            told.append(str(mother) in (await key.get(f"/members/{child}/consents")).text)
    assert told == [False, True]


async def test_a_program_names_the_guardian_by_id(api, member):
    child, mother = await member("王小小", birthday=born(5)), await member("李文")
    at, said = f"/members/{child}/consents/marketing/sms", {"state": "granted", "source": "till"}
    refused = await api.put(at, json=said)
    assert (refused.status_code, refused.json()["code"]) == (422, "guardian_needed")
    assert refused.json()["errors"][0]["field"] == "by"
    await service.link(child, "guardian", mother)
    told = await api.put(at, json={**said, "by": str(mother)})
    assert (told.status_code, told.json()["by"]) == (200, str(mother))
    listed = (await api.get(f"/members/{child}/consents")).json()["items"]
    assert [(one["channel"], one["by"]) for one in listed if one["state"] == "granted"] == [("sms", str(mother))]


async def test_a_list_of_members_agrees_for_no_child(member, store, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"姓名,生日,短信授权\n王小小,{born(5)},是\n李文,1990-01-01,是\n", encoding="utf-8")
    report = await import_members(path)
    assert (report.created, [str(r) for r in report.remarks]) == (
        2,
        ["a yes of children under 14 is left out: their guardians agree for them"],
    )
    said = await fetch("SELECT m.name, w.actor FROM consent_word w JOIN member m ON m.id = w.member")
    assert [tuple(row) for row in said] == [("李文", "Tessera")]
    await undo(report.batch)
    assert await fetchval("SELECT count(*) FROM consent_word") == 0


# The more restrictive word


@given(one=states, other=states, third=states)
def test_of_two_words_the_more_restrictive_holds_in_any_order_and_number(one, other, third):
    assert most_restrictive(one, other) == most_restrictive(other, one) in (one, other)
    assert most_restrictive(one, one) == one
    assert most_restrictive(most_restrictive(one, other), third) == most_restrictive(
        one, most_restrictive(other, third)
    )
    assert most_restrictive("refused", one) == "refused"
    assert most_restrictive("never_asked", one) == one


# Lists


@pytest.fixture
def listed(tmp_path):
    def write(*rows, name="consents.csv", header="手机号,渠道,授权,时间,来源,文案,授权人"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]), encoding="utf-8")
        return path

    return write


async def test_a_list_brings_every_word_and_the_newest_holds(member, listed):
    ana = await member("Ana", phone="13800138000")
    path = listed(
        "13800138000,短信,是,2025-03-01 10:00,门店,可以给您发优惠吗？,",
        "13800138000,短信,否,2024-05-01,电话,,",
        "13800138000,微信,是,2025-03-02,公众号,,",
    )
    report = await import_consents(path)
    assert (report.read, report.created, report.rejected) == (3, 3, 0)
    assert await state(ana) == "granted"
    assert [w.source for w in await service.consent_words(ana)] == ["公众号", "门店", "电话"]
    again = await import_consents(path)
    assert (again.unchanged, await fetchval("SELECT count(*) FROM consent_word")) == (3, 3)


async def test_an_older_word_does_not_loosen_a_newer_one(member, listed):
    ana = await member("Ana", phone="13800138000")
    await refuse(ana)
    await import_consents(listed("13800138000,短信,是,2020-01-01,门店,,"))
    assert await state(ana) == "refused"
    assert len(await service.consent_words(ana)) == 2


async def test_of_two_words_of_one_moment_the_refusal_holds(member, listed):
    ana = await member("Ana", phone="13800138000")
    at = "2025-01-01T10:00:00+08:00"
    await import_consents(listed(f"13800138000,短信,否,{at},门店,,", f"13800138000,短信,是,{at},电话,,"))
    assert await state(ana) == "refused"


async def test_a_list_that_is_taken_back_leaves_what_was_said_before(member, listed):
    ana = await member("Ana", phone="13800138000")
    first = await import_consents(listed("13800138000,短信,否,2020-01-01,门店,,"))
    second = await import_consents(listed("13800138000,短信,是,2021-01-01,门店,,", name="more.csv"))
    assert (second.updated, await state(ana)) == (1, "granted")
    undone = await undo(second.batch)
    assert (undone.removed, undone.restored, await state(ana)) == (1, 1, "refused")
    await undo(first.batch)
    assert await state(ana) == "never_asked"


async def test_a_word_that_was_said_since_outlives_the_list(member, listed):
    ana = await member("Ana", phone="13800138000")
    report = await import_consents(listed("13800138000,短信,是,2021-01-01,门店,,"))
    await refuse(ana)
    await undo(report.batch)
    assert await state(ana) == "refused"


async def test_a_dry_run_says_what_would_be_and_changes_nothing(member, listed):
    await member("Ana", phone="13800138000")
    path = listed("13800138000,短信,是,2021-01-01,门店,,")
    report = await import_consents(path, options=ImportOptions(dry_run=True))
    assert (report.created, await fetchval("SELECT count(*) FROM consent_word")) == (1, 0)


async def test_each_row_that_cannot_be_used_says_why(member, listed):
    child = await member("王小小", phone="13800138001", birthday=born(5))
    await member("Ana", phone="13800138000")
    report = await import_consents(
        listed(
            "13900139000,短信,是,2021-01-01,门店,,",
            "13800138000,信鸽,是,2021-01-01,门店,,",
            "13800138000,短信,也许,2021-01-01,门店,,",
            "13800138000,短信,是,,门店,,",
            "13800138000,短信,是,2021-01-01,,,",
            "13800138000,短信,是,2090-01-01,门店,,",
            "13800138001,短信,是,2021-01-01,门店,,",
            ",短信,是,2021-01-01,门店,,",
        )
    )
    assert [str(reason) for _line, reason in report.first_rejects] == [
        "there is no such member",
        "渠道: choose one of: email, sms, wechat",
        "授权: this word is neither a consent nor a refusal: write yes, no or nothing",
        "时间: this is needed",
        "来源: this is needed",
        "时间: the date lies in the future",
        "the member is under 14: link a guardian first, then note that they agree",
        "the row does not say who the member is",
    ][: len(report.first_rejects)]
    assert (report.rejected, await state(child)) == (8, "never_asked")


async def test_a_list_names_the_guardian_of_a_child(member, listed):
    child, mother = (
        await member("王小小", phone="13800138001", birthday=born(5)),
        await member("李文", phone="13800138000"),
    )
    await service.link(child, "guardian", mother)
    await import_consents(listed("13800138001,短信,是,2021-01-01,门店,,13800138000"))
    assert (await service.consent_words(child))[0].guardian == "李文"


async def test_a_list_may_name_members_by_their_number(member, listed):
    ana = await member("Ana")
    number = (await service.member(ana)).number
    header = "会员号,用途,渠道,授权,时间,来源"
    await import_consents(listed(f"{number},营销,短信,同意,2021-01-01,门店", header=header))
    assert await state(ana) == "granted"


async def test_history_starts_nothing(member, listed):
    await member("Ana", phone="13800138000")
    await import_consents(listed("13800138000,短信,是,2021-01-01,门店,,"))
    assert await fetchval("SELECT origin FROM event WHERE kind = 'member.consent_changed'") == "import"


async def test_words_of_someone_merged_since_are_taken_back_after_the_merge(member, listed):
    ana, double = await member("Ana"), await member("Ana", phone="13800138000")
    report = await import_consents(listed("13800138000,短信,是,2020-01-01,门店,,"))
    done = await merging.merge(ana, double)
    with pytest.raises(ImportInUse, match="1 of its members were merged since"):
        await undo(report.batch)
    await merging.undo(done.merge)
    await undo(report.batch)
    assert await fetchval("SELECT count(*) FROM consent") == 0
