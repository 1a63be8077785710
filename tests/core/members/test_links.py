"""What members are to each other: said once, read from both ends, never in a circle."""

import asyncio
from datetime import timedelta

import pytest

from tessera.access import service as access
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.members import service
from tessera.members.service import GuardianCircle, MemberUnknown, NewMember


async def _of(member):
    return [(one.role, one.title) for one in await service.links_of(member)]


async def test_a_guardian_is_read_from_both_ends(member):
    child, mother = await member("王小小"), await member("李文", phone="13800138000")
    await service.link(child, "guardian", mother, label="mother")
    assert await _of(child) == [("guardian", "李文")]
    assert await _of(mother) == [("child", "王小小")]
    assert (await service.links_of(child))[0].other.phone == "138****8000"
    assert await service.guardians_of(child) == [mother]


async def test_a_guardian_may_be_noted_from_the_other_end(member):
    child, mother = await member("王小小"), await member("李文")
    await service.link(mother, "child", child)
    assert await service.guardians_of(child) == [mother]


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("payer", "paid_for"),
        ("paid_for", "payer"),
        ("household", "household"),
        ("employee", "employer"),
        ("referrer", "referred"),
    ],
)
async def test_each_role_has_its_other_side(member, role, seen):
    ana, ben = await member("Ana"), await member("Ben")
    await service.link(ana, role, ben)
    assert (await _of(ana), await _of(ben)) == ([(role, "Ben")], [(seen, "Ana")])


async def test_a_household_is_one_link_whoever_says_it(member):
    ana, ben = await member("Ana"), await member("Ben")
    assert await service.link(ana, "household", ben) == await service.link(ben, "household", ana)
    assert await fetchval("SELECT count(*) FROM member_link") == 1


async def test_an_employer_may_be_a_name_alone(member):
    ana = await member("Ana")
    await service.link(ana, "employer", label="Harbour Works")
    await service.link(ana, "employer", label="Harbour Works")
    assert await _of(ana) == [("employer", "Harbour Works")]


async def test_any_other_link_needs_a_member(member):
    with pytest.raises(Invalid, match="say which member"):
        await service.link(await member("Ana"), "guardian", label="Ben")


async def test_nobody_is_linked_to_themselves(member):
    ana = await member("Ana")
    with pytest.raises(Invalid, match="nobody is linked to themselves"):
        await service.link(ana, "payer", ana)


async def test_nobody_is_their_own_guardian_by_way_of_others(member):
    ana, ben, cleo = [await member(name) for name in ("Ana", "Ben", "Cleo")]
    await service.link(ana, "guardian", ben)
    await service.link(ben, "guardian", cleo)
    with pytest.raises(GuardianCircle):
        await service.link(ben, "guardian", ana)
    with pytest.raises(GuardianCircle):
        await service.link(cleo, "guardian", ana)


async def test_links_that_are_written_at_once_close_no_circle(member):
    ids = [await member(f"Ana {n}") for n in range(6)]
    pairs = list(zip(ids, [*ids[1:], ids[0]], strict=True))
    made = await asyncio.gather(*[service.link(one, "guardian", up) for one, up in pairs], return_exceptions=True)
    assert sum(isinstance(one, GuardianCircle) for one in made) == 1


async def test_two_who_guard_each_other_at_once_come_to_one_link(member):
    ana, ben = await member("Ana"), await member("Ben")
    made = await asyncio.gather(
        service.link(ana, "guardian", ben), service.link(ben, "guardian", ana), return_exceptions=True
    )
    assert sum(isinstance(one, GuardianCircle) for one in made) == 1


async def test_the_same_link_at_once_is_one(member):
    ana, ben = await member("Ana"), await member("Ben")
    made = await asyncio.gather(*[service.link(ana, "payer", ben) for _ in range(8)])
    assert len(set(made)) == 1


async def test_a_link_that_has_ended_says_so_and_guards_no_more(member):
    child, father = await member("王小小"), await member("王强")
    yesterday = business().today() - timedelta(days=1)
    await service.link(child, "guardian", father, until=yesterday)
    assert (await service.links_of(child))[0].ended
    assert await service.guardians_of(child) == []


async def test_an_end_before_the_beginning_is_refused(member):
    today = business().today()
    with pytest.raises(Invalid, match="this lies before the beginning"):
        await service.link(await member("Ana"), "payer", await member("Ben"), since=today, until=today - timedelta(1))


async def test_a_link_is_taken_away_from_either_end(member):
    child, mother = await member("王小小"), await member("李文")
    made = await service.link(child, "guardian", mother)
    await service.unlink(mother, made)
    assert await _of(child) == []
    with pytest.raises(service.LinkUnknown):
        await service.unlink(child, made)


async def test_both_ends_tell_of_it_without_names(member):
    child, mother = await member("王小小"), await member("李文")
    await service.unlink(child, await service.link(child, "guardian", mother, label="妈妈"))
    events = await fetch(
        "SELECT kind, member, payload->>'role' FROM event WHERE kind LIKE 'member.%linked' ORDER BY id"
    )
    assert [tuple(row) for row in events] == [
        ("member.linked", child, "guardian"),
        ("member.linked", mother, "child"),
        ("member.unlinked", child, "guardian"),
        ("member.unlinked", mother, "child"),
    ]
    noted = await fetch("SELECT action, member FROM audit WHERE action LIKE 'members.%linked' ORDER BY id")
    assert len(noted) == 4
    told = str([dict(row) for table in ("event", "audit") for row in await fetch(f"SELECT * FROM {table}")])
    assert [word for word in ("王小小", "李文", "妈妈") if word in told] == []


async def test_someone_new_becomes_a_prospect_with_the_link(member):
    child = await member("王小小")
    await service.link_new(child, "guardian", NewMember(name="李文", phone="13800138000"))
    mother = (await service.links_of(child))[0].other
    assert (mother.name, mother.stage) == ("李文", "prospect")


async def test_nobody_new_stays_where_the_link_is_refused(member):
    ana = await member("Ana")
    with pytest.raises(Invalid):
        await service.link_new(ana, "cousin", NewMember(name="Ben"))
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_whom_one_may_not_see_one_cannot_link_nor_read(member, store, as_cashier):
    other = (await access.add_store("xh", name="Xuhui")).id
    child = await service.create_member(NewMember(name="王小小", store=other))
    mother = await member("李文")
    await service.link(child, "guardian", mother)
    with as_cashier(other):
        assert await _of(child) == []
        with pytest.raises(MemberUnknown):
            await service.link(child, "payer", mother)
    with as_cashier(store), pytest.raises(MemberUnknown):
        await service.links_of(child)


async def test_a_program_links_reads_and_unlinks(api, member):
    child, mother = await member("王小小"), await member("李文", phone="13800138000")
    made = await api.post(f"/members/{child}/links", json={"role": "guardian", "member": str(mother)})
    assert (made.status_code, made.json()["name"], made.json()["phone"]) == (201, "李文", "138****8000")
    items = (await api.get(f"/members/{mother}/links")).json()["items"]
    assert [(one["role"], one["member"]) for one in items] == [("child", str(child))]
    assert (await api.delete(f"/members/{mother}/links/{made.json()['id']}")).status_code == 204
    circle = await api.post(f"/members/{child}/links", json={"role": "guardian", "member": str(child)})
    assert (circle.status_code, circle.json()["errors"][0]["field"]) == (422, "member")


async def test_what_is_changed_of_a_link_is_audited_at_both_ends(member):
    child, mother = await member("王小小"), await member("李文")
    for until in (None, business().today(), business().today()):
        await service.link(child, "guardian", mother, label="mother", until=until)
    rows = await fetch("SELECT member FROM audit WHERE action = 'members.link_changed'")
    assert sorted(row["member"] for row in rows) == sorted([child, mother])
