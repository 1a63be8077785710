"""Members: who they are, what identifies them, and what they agreed to."""

import asyncio
from datetime import UTC, datetime

import pytest
from stdnum import luhn

from tessera.access import service as access
from tessera.kernel import clock
from tessera.kernel.business import setting
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.members import identities, service
from tessera.members.normalise import Birthday
from tessera.members.service import Changes, NewMember


async def test_a_new_member_has_number_account_identity_and_event(store):
    id_ = await service.create_member(NewMember(name="王小伟", phone="138 0013 8000", birthday="1990-02-28"))
    member = await service.member(id_)
    assert (member.name, member.phone, member.birthday) == ("王小伟", "+8613800138000", Birthday(1990, 2, 28))
    assert luhn.is_valid(member.number)
    assert member.store == store
    assert await service.accounts_of(id_) == [await service.account_of(id_)]
    event = await fetchrow("SELECT kind, member, origin, payload FROM event")
    assert tuple(event) == ("member.created", id_, "live", {"number": member.number})


async def test_nothing_personal_stands_readable_outside_the_name(store):
    await service.create_member(
        NewMember(name="王小伟", phone="13800138000", email="wei@example.com", address="长宁路1号", note="怕冷")
    )
    rows = [await fetch(f"SELECT * FROM {table}") for table in ("member", "identity", "event", "member_note")]
    readable = str([dict(row) for found in rows for row in found])
    assert [word for word in ("13800138000", "wei@example.com", "长宁路", "怕冷") if word in readable] == []


async def test_a_member_needs_a_name_or_an_identity(store):
    with pytest.raises(Invalid, match="give a name, or one identity") as refused:
        await service.create_member(NewMember(gender="female"))
    assert [e.field for e in refused.value.errors] == ["name"]


async def test_every_wrong_field_is_named_at_once(store):
    with pytest.raises(Invalid) as refused:
        await service.create_member(NewMember(name="Ana", phone="12", email="x", birthday="2021-02-30", gender="?"))
    assert [e.field for e in refused.value.errors] == ["phone", "email", "gender", "birthday"]


async def test_a_taken_phone_is_refused_with_its_holder(store):
    first = await service.create_member(NewMember(name="Ana", phone="13800138000"))
    with pytest.raises(service.IdentityTaken) as refused:
        await service.create_member(NewMember(name="Ben", phone="+86 138-0013-8000"))
    assert refused.value.facts["member"] == str(first)
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_whose_phone_it_is_stays_hidden_from_another_store(store, as_cashier):
    other = (await access.add_store("xh", name="Xuhui")).id
    await service.create_member(NewMember(name="Ana", phone="13800138000", store=store))
    with as_cashier(other), pytest.raises(service.IdentityTaken) as refused:
        await service.create_member(NewMember(name="Ben", phone="13800138000"))
    assert refused.value.facts.get("member") is None


async def test_a_childs_phone_is_a_contact_when_it_is_the_mothers(store):
    mother = await service.create_member(NewMember(name="李文", phone="13800138000"))
    child = await service.create_member(NewMember(name="王小小", phone="13800138000", when_taken="contact"))
    assert await service.find_by_identity("phone:13800138000") == mother
    assert (await service.member(child)).phone == "+8613800138000"
    asked = service.typed("13800138000", whole=False)
    assert await service.look_up(asked, reached_too=True) == [mother, child]


async def test_of_two_who_create_at_once_one_gets_the_phone(store):
    made = await asyncio.gather(
        *[service.create_member(NewMember(name=f"Ana {n}", phone="13800138000")) for n in range(8)],
        return_exceptions=True,
    )
    assert sum(isinstance(one, service.IdentityTaken) for one in made) == 7
    assert await fetchval("SELECT count(*) FROM identity") == 1
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_members_of_other_stores_do_not_exist(store, as_cashier):
    other = (await access.add_store("xh", name="Xuhui")).id
    ana = await service.create_member(NewMember(name="Ana", phone="13800138000", store=store))
    with as_cashier(other):
        with pytest.raises(service.MemberUnknown):
            await service.member(ana)
        assert await service.search("Ana") == []
        assert await service.search("13800138000") == []
        assert await service.newest() == []
        with pytest.raises(service.MemberUnknown):
            await service.change_member(ana, 1, Changes(name="Eve"))


async def test_values_are_masked_for_everyone_who_looks_at_a_page(store, as_cashier):
    ana = await service.create_member(
        NewMember(name="Ana", phone="13800138000", email="ana@example.com", address="长宁路1号201室")
    )
    with as_cashier(store, also=("members.reveal",)):
        seen = await service.member(ana)
    assert (seen.phone, seen.email, seen.address) == ("138****8000", "a***@example.com", "长宁路******")


async def test_a_masked_value_that_comes_back_is_refused(store):
    ana = await service.create_member(NewMember(name="Ana", phone="13800138000"))
    with pytest.raises(service.MaskedValue) as refused:
        await service.change_member(ana, 1, Changes(phone="138****8000"))
    assert refused.value.code == "masked_value"


async def test_a_change_on_a_stale_version_is_refused(store):
    ana = await service.create_member(NewMember(name="Ana"))
    await service.change_member(ana, 1, Changes(name="Ana López"))
    with pytest.raises(service.StaleVersion):
        await service.change_member(ana, 1, Changes(name="Anna"))
    assert (await service.member(ana)).name == "Ana López"


async def test_a_changed_name_and_phone_are_found_and_the_old_ones_are_not(store):
    ana = await service.create_member(NewMember(name="Ana", phone="13800138000"))
    assert await service.change_member(ana, 1, Changes(name="王芳", phone="13900139001")) == ["name", "phone"]
    assert [m.id for m in await service.search("wangf")] == [ana]
    assert [m.id for m in await service.search("9001")] == [ana]
    assert await service.search("ana") == []
    assert await service.find_by_identity("phone:13800138000") is None


async def test_a_change_that_changes_nothing_keeps_version_and_history(store):
    ana = await service.create_member(NewMember(name="Ana", address="Rua 1", birthday="--02-29"))
    assert await service.change_member(ana, 1, Changes(name="Ana", address="Rua 1", birthday="--02-29")) == []
    assert (await service.member(ana)).version == 1


async def test_consents_keep_the_last_word_and_every_word_in_the_events(store):
    ana = await service.create_member(NewMember(name="Ana"))
    assert await service.consent_state(ana, "marketing", "email") == "never_asked"
    await service.set_consent(ana, "marketing", "email", "granted", source="desk", wording="Offers")
    await service.set_consent(ana, "marketing", "email", "granted", source="desk", wording="Offers")
    await service.set_consent(ana, "marketing", "email", "refused", source="desk")
    assert await service.consent_state(ana, "marketing", "email") == "refused"
    said = await fetch("SELECT payload FROM event WHERE kind = 'member.consent_changed' ORDER BY id")
    assert [row["payload"]["state"] for row in said] == ["granted", "refused"]


async def test_a_note_repeated_is_written_once(store):
    ana = await service.create_member(NewMember(name="Ana"))
    assert await service.add_note(ana, "likes windows\r\n") is not None
    assert await service.add_note(ana, " likes windows") is None
    assert [n.text for n in await service.notes_of(ana)] == ["likes windows"]


async def test_messages_go_to_the_readable_address(store):
    ana = await service.create_member(NewMember(name="Ana", email="Ana.Lopez@Example.com"))
    assert await service.address_for(ana, "email") == "Ana.Lopez@example.com"
    assert await service.find_by_identity("email:ana.lopez@example.com") == ana


async def test_age_is_a_fact_also_on_the_29th_of_february(store):
    from tessera.members.facts import FACTS

    await service.create_member(NewMember(name="Leap", birthday="1992-02-29"))
    age = next(fact.sql for fact in FACTS if fact.name == "member.age")
    ages = [
        await fetchval(f"SELECT {age.replace('{today}', '$1')} FROM member m", datetime(2023, month, day).date())
        for month, day in ((2, 28), (3, 1))
    ]
    assert ages == [30, 31]


@pytest.mark.parametrize("q", ["王小伟", "小伟", "wangxiaowei", "xiaowei", "wxw", "Wang Xiaowei", "8000", "wang 8000"])
async def test_a_member_is_found_by(store, q):
    wei = await service.create_member(
        NewMember(name="王小伟", phone="13800138000", identities=[("card", "c-7"), ("external", "till:13607")])
    )
    await service.create_member(NewMember(name="李雷", phone="13900139001"))
    assert [m.id for m in await service.search(q)] == [wei]


async def test_a_member_is_found_by_number(store):
    wei = await service.create_member(NewMember(name="王小伟"))
    assert [m.id for m in await service.search((await service.member(wei)).number)] == [wei]


async def test_the_search_shows_masked_phones_in_the_order_of_names(store):
    for name, phone in (("王芳", "13800138001"), ("王安", "13800138002"), ("万里", "13800138003")):
        await service.create_member(NewMember(name=name, phone=phone))
    found = await service.search("wang")
    assert [(m.name, m.phone) for m in found] == [("王安", "138****8002"), ("王芳", "138****8001")]


async def test_a_member_with_neither_name_nor_phone_is_listed_by_number(store):
    await service.create_member(NewMember(identities=[("external", "shop:13607.0")]))
    (only,) = await service.newest()
    assert only.title == only.number
    assert await service.find_by_identity("external:shop:13607") == only.id


async def test_a_prefix_search_reads_the_index_in_its_order(store):
    await service.create_member(NewMember(name="王小伟"))
    await execute("ANALYZE member_token")

    async def explained():
        await execute("SET LOCAL enable_seqscan = off")
        return await fetch(
            "EXPLAIN SELECT t.member FROM member_token t WHERE t.token >= 'wang'::text AND t.token < 'wang'::text "
            "|| chr(1114111) ORDER BY t.token, t.name_key, t.member LIMIT 50"
        )

    plan = await in_transaction(explained)
    steps = "\n".join(row[0] for row in plan)
    assert "Index Only Scan" in steps
    assert "Sort" not in steps


async def test_a_birthday_of_today_is_judged_in_the_business_zone(store):
    with clock.frozen(datetime(2026, 3, 1, 17, 0, tzinfo=UTC)):
        born = await service.create_member(NewMember(name="Neu", birthday="2026-03-02"))
        with pytest.raises(Invalid, match="lies in the future"):
            await service.create_member(NewMember(name="Neu", birthday="2026-03-03"))
    assert (await service.member(born)).joined_on.isoformat() == "2026-03-02"


async def test_two_systems_that_are_new_at_once_are_both_known(business):
    await asyncio.gather(identities.remember_source("till"), identities.remember_source("shop"))
    assert sorted(setting(identities.SOURCES)) == ["shop", "till"]


async def test_a_system_that_another_process_noted_meanwhile_is_known_once(business):
    await execute(
        "INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, '[\"till\"]', 'core', now())",
        identities.SOURCES,
    )
    await identities.remember_source("till")
    assert await fetchval("SELECT value FROM setting WHERE key = $1", identities.SOURCES) == ["till"]
