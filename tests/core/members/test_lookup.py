"""An exact identity finds someone anywhere in the circle, and nothing tells a miss from what is out of reach."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import TooMany
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.service import MemberUnknown, NewMember, SeveralMembers

PHONE = "13800138000"


@dataclass(frozen=True)
class Shops:
    """Two stores of one circle, and a clinic that is a circle of its own."""

    main: UUID
    xuhui: UUID
    clinic: UUID


@pytest.fixture
async def shops(store: UUID) -> Shops:
    xuhui = await access.add_store("xh", name="Xuhui")
    clinic = await access.add_store("cl", name="Clinic", circle="clinic")
    return Shops(store, xuhui.id, clinic.id)


def till(store: UUID, *more: str) -> Actor:
    return Actor("key", "till", (Grant(("members.read", *more), store),), key_id=uuid7(), store=store)


async def number_of(member: UUID) -> str:
    return str(await fetchval("SELECT number FROM member WHERE id = $1", member))


async def test_a_phone_finds_a_member_of_another_store_of_the_circle(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    with acting_as(till(shops.xuhui)):
        assert await service.lookup("phone:138 0013 8000") == ana


async def test_whoever_was_looked_up_is_known_in_the_store_from_then_on(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    with acting_as(till(shops.xuhui)):
        assert await service.search("Ana") == []
        await service.lookup(f"phone:{PHONE}")
        assert [found.id for found in await service.search("Ana")] == [ana]


async def test_another_circle_finds_nobody(shops):
    await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    with acting_as(till(shops.clinic)), pytest.raises(MemberUnknown):
        await service.lookup(f"phone:{PHONE}")


async def test_whoever_works_in_two_circles_links_a_member_to_none_but_their_own(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    both = Actor(
        "staff",
        "Lin",
        (Grant(("members.read",), shops.clinic), Grant(("members.read",), shops.xuhui)),
        staff_id=uuid7(),
        store=shops.clinic,
    )
    with acting_as(both):
        await service.lookup(f"phone:{PHONE}")
    rows = await fetch("SELECT store FROM member_store WHERE member = $1", ana)
    assert {row["store"] for row in rows} == {shops.main, shops.xuhui}


async def test_a_member_of_no_store_belongs_to_the_first_circle(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE))
    assert await fetchval("SELECT count(*) FROM member_store") == 0
    with acting_as(till(shops.clinic)), pytest.raises(MemberUnknown):
        await service.lookup(f"phone:{PHONE}")
    with acting_as(till(shops.xuhui)):
        assert await service.lookup(f"phone:{PHONE}") == ana


async def test_a_scanned_number_finds_in_the_circle(shops):
    ana = await service.create_member(NewMember(name="Ana", store=shops.main))
    with acting_as(till(shops.xuhui)):
        assert await service.lookup(f"number:{await number_of(ana)}") == ana


async def test_a_number_with_a_wrong_check_digit_finds_nobody(shops):
    number = await number_of(await service.create_member(NewMember(name="Ana", store=shops.main)))
    with acting_as(till(shops.main)), pytest.raises(MemberUnknown):
        await service.lookup(f"number:{number[:-1]}{(int(number[-1]) + 1) % 10}")


async def test_the_number_of_a_merged_member_leads_to_whom_they_are(shops):
    ana = await service.create_member(NewMember(name="Ana", store=shops.main))
    old = await service.create_member(NewMember(name="Anna", store=shops.main))
    number = await number_of(old)
    await execute("UPDATE member SET merged_into = $2 WHERE id = $1", old, ana)
    with acting_as(till(shops.main)):
        assert await service.lookup(f"number:{number}") == ana


async def test_numbers_of_strangers_run_out_like_misses(shops):
    for n in range(61):
        await service.create_member(NewMember(name=f"Ana {n}", store=shops.main))
    *numbers, last = [row["number"] for row in await fetch("SELECT number FROM member ORDER BY number")]
    with acting_as(till(shops.xuhui)):
        for number in numbers:
            await service.lookup(f"number:{number}")
        with pytest.raises(TooMany):
            await service.lookup(f"number:{last}")


async def test_goods_that_are_scanned_where_cards_are_scanned_too_are_no_guesses(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    await service.add_identity(ana, "card", "6901234567892")
    await set_setting("lookups.misses_per_hour", 2)
    with acting_as(till(shops.main)):
        found = [
            await service.look_up(service.typed(f"69012345678{n:02}", whole=True), or_goods=True) for n in range(80, 99)
        ]
        assert [one for one in found if one] == [[ana]]
        assert await service.lookup(f"phone:{PHONE}") == ana
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.lookup_missed'") == 0


async def test_numbers_of_strangers_run_out_also_where_goods_are_scanned(shops):
    strangers = [await service.create_member(NewMember(name="Ana", store=shops.main)) for _n in range(3)]
    numbers = [await number_of(one) for one in strangers]
    await set_setting("lookups.misses_per_hour", 2)
    with acting_as(till(shops.xuhui)):
        for number in numbers[:2]:
            await service.look_up(service.typed(number, whole=True), or_goods=True)
        with pytest.raises(TooMany):
            await service.look_up(service.typed(numbers[2], whole=True), or_goods=True)


async def test_someone_responsible_finds_whom_they_are_responsible_for(shops):
    lin = await access.add_staff("lin", "Lin", "three quiet lanterns", role_code="cashier")
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    await service.create_member(NewMember(name="Ben", phone="13800138001", store=shops.main))
    await execute(
        "INSERT INTO member_staff (id, member, staff, role, actor, since) VALUES ($1, $2, $3, 'coach', '', now())",
        uuid7(),
        ana,
        lin.id,
    )
    with acting_as(Actor("staff", "Lin", (Grant(("members.read@own",), shops.main),), staff_id=lin.id)):
        assert await service.lookup(f"phone:{PHONE}") == ana
        with pytest.raises(MemberUnknown):
            await service.lookup("phone:13800138001")


async def test_a_shared_phone_finds_the_one_it_identifies(shops):
    mother = await service.create_member(NewMember(name="李文", phone=PHONE, store=shops.main))
    await service.create_member(NewMember(name="王小小", phone=PHONE, store=shops.main, when_taken="contact"))
    with acting_as(till(shops.main)):
        assert await service.lookup(f"phone:{PHONE}") == mother


async def children(shops: Shops, count: int) -> list[UUID]:
    """Children who are reached under a phone that identifies nobody any more."""
    mother = await service.create_member(NewMember(name="李文", phone=PHONE, store=shops.main))
    made = [
        await service.create_member(NewMember(name=f"王小{n}", phone=PHONE, store=shops.main, when_taken="contact"))
        for n in range(count)
    ]
    await execute("DELETE FROM identity WHERE member = $1", mother)
    return made


async def test_a_phone_that_reaches_one_member_finds_them(shops):
    (child,) = await children(shops, 1)
    with acting_as(till(shops.main)):
        assert await service.lookup(f"phone:{PHONE}") == child


async def test_a_phone_that_reaches_several_names_them(shops):
    made = await children(shops, 2)
    with acting_as(till(shops.main)), pytest.raises(SeveralMembers) as refused:
        await service.lookup(f"phone:{PHONE}")
    assert refused.value.facts["members"] == [str(child) for child in made]


async def test_an_erased_member_is_not_found(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    await execute("UPDATE member SET erased_at = now() WHERE id = $1", ana)
    with acting_as(till(shops.main)), pytest.raises(MemberUnknown):
        await service.lookup(f"phone:{PHONE}")


async def test_the_audit_names_who_was_found_and_of_a_miss_only_the_kind(shops):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    with acting_as(till(shops.main)):
        await service.lookup(f"phone:{PHONE}")
        with pytest.raises(MemberUnknown):
            await service.lookup("card:C7")
    rows = await fetch("SELECT action, member, facts, store FROM audit WHERE action LIKE 'members.look%' ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("members.looked_up", ana, {"kind": "phone"}, shops.main),
        ("members.lookup_missed", None, {"kind": "card"}, shops.main),
    ]


@pytest.fixture
async def clients(shops, api_client) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Clients that may read: one of a store, one of the clinic, and one that may reveal everywhere."""
    made = {
        "xuhui": await api_client("members.read", where=shops.xuhui),
        "clinic": await api_client("members.read", where=shops.clinic),
        "all": await api_client("members.read", "members.reveal"),
    }
    yield made
    for client in made.values():
        await client.aclose()


async def look(client: httpx.AsyncClient, identity: str) -> httpx.Response:
    return await client.post("/members/lookup", json={"identity": identity})


async def test_a_program_gets_the_member_masked(shops, clients):
    ana = await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    answer = await look(clients["xuhui"], f"phone:{PHONE}")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["phone"]) == (str(ana), "138****8000")


async def test_a_program_that_may_reveal_gets_the_whole_phone(shops, clients):
    await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    assert (await look(clients["all"], f"phone:{PHONE}")).json()["phone"] == "+8613800138000"


@pytest.mark.parametrize(
    "identity",
    [
        "phone:13900139000",
        f"phone:{PHONE}",
        "phone:12",
        "",
        "number:12",
        "passport:",
        "nonsense:1",
        "external:x",
        "\x00",
    ],
)
async def test_a_miss_another_circle_and_an_unusable_value_look_the_same(shops, clients, identity):
    await service.create_member(NewMember(name="Ana", phone=PHONE, store=shops.main))
    answer = await look(clients["clinic"], identity)
    told = {name: value for name, value in answer.json().items() if name != "request_id"}
    assert (answer.status_code, told) == (
        404,
        {
            "type": "urn:tessera:problem:member_unknown",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such member.",
            "code": "member_unknown",
        },
    )


async def test_a_miss_stays_counted_and_audited_when_the_request_is_one_to_be_remembered(clients):
    answer = await clients["clinic"].post(
        "/members/lookup", json={"identity": f"phone:{PHONE}"}, headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 404
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.lookup_missed'") == 1
    assert await fetchval("SELECT misses FROM lookup_pace") == 1


async def test_too_many_misses_are_answered_with_when_to_come_back(clients):
    for n in range(60):
        await look(clients["clinic"], f"card:C{n}")
    answer = await look(clients["clinic"], "card:C60")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3601
