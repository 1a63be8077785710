"""What identifies a member: several of a kind, one first, one member each; and what becomes of one that is taken."""

import asyncio

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.database import fetch, fetchrow, fetchval
from tessera.kernel.errors import Invalid, TooMany
from tessera.members import service
from tessera.members.normalise import Unusable, normalise_passport, normalise_permit
from tessera.members.service import Changes, IdentityTaken, NewMember

PHONE, OTHER = "13800138000", "13900139000"
WOMAN = "11010519491231002X"


async def _of(member):
    return [(i.kind, i.value, i.is_primary) for i in await service.identities_of(member)]


async def test_a_member_has_several_phones_of_which_one_is_first(member):
    id_ = await member("Ana", phone=PHONE)
    await service.add_identity(id_, "phone", "139 0013 9000")
    assert await _of(id_) == [("phone", "+8613800138000", True), ("phone", "+8613900139000", False)]
    assert (await service.member(id_)).phone == "+8613800138000"
    assert [m.id for m in await service.search("9000")] == [id_]


async def test_the_first_of_a_kind_is_primary_unasked(member):
    id_ = await member("Ana")
    await service.add_identity(id_, "card", "C001")
    assert await _of(id_) == [("card", "C001", True)]


async def test_another_is_put_first(member):
    id_ = await member("Ana", phone=PHONE)
    added = await service.add_identity(id_, "phone", OTHER)
    await service.change_identity(id_, added, primary=True)
    assert (await service.member(id_)).phone == "+8613900139000"
    assert await fetchval("SELECT count(*) FROM identity WHERE is_primary") == 1


async def test_one_that_is_added_as_primary_takes_the_place_of_the_first(member):
    id_ = await member("Ana", phone=PHONE)
    await service.add_identity(id_, "phone", OTHER, primary=True)
    assert (await service.member(id_)).phone == "+8613900139000"


async def test_when_the_primary_one_goes_a_verified_one_follows(member):
    id_ = await member("Ana", phone=PHONE)
    await service.add_identity(id_, "phone", OTHER)
    await service.add_identity(id_, "phone", "13700137000", verified=True)
    await service.remove_identity(id_, (await service.identities_of(id_))[0].id)
    assert await _of(id_) == [("phone", "+8613700137000", True), ("phone", "+8613900139000", False)]


async def test_what_was_removed_is_free_for_another(member):
    ana, ben = await member("Ana", phone=PHONE), await member("Ben")
    await service.remove_identity(ana, (await service.identities_of(ana))[0].id)
    await service.add_identity(ben, "phone", PHONE)
    assert (await _of(ana), await _of(ben)) == ([], [("phone", "+8613800138000", True)])


async def test_a_contact_is_removed_like_an_identity(member):
    await member("Ana", phone=PHONE)
    child = await member("Ben", phone=PHONE, when_taken="contact")
    await service.remove_identity(child, (await service.identities_of(child))[0].id)
    assert await _of(child) == []


async def test_the_last_thing_that_is_known_of_someone_stays(store):
    id_ = await service.create_member(NewMember(phone=PHONE))
    with pytest.raises(Invalid, match="this is all that is known of the member"):
        await service.remove_identity(id_, (await service.identities_of(id_))[0].id)
    assert len(await _of(id_)) == 1


async def test_whose_identity_it_is_must_be_said_rightly(member):
    ana, ben = await member("Ana", phone=PHONE), await member("Ben")
    with pytest.raises(service.IdentityUnknown):
        await service.remove_identity(ben, (await service.identities_of(ana))[0].id)


async def test_adding_again_what_one_has_changes_nothing(member):
    id_ = await member("Ana", phone=PHONE)
    version = (await service.member(id_)).version
    assert await service.add_identity(id_, "phone", PHONE) == (await service.identities_of(id_))[0].id
    assert (await service.member(id_)).version == version


async def test_of_sixteen_who_add_one_phone_exactly_one_gets_it(member):
    ids = [await member(f"Ana {n}") for n in range(16)]
    made = await asyncio.gather(*[service.add_identity(id_, "phone", PHONE) for id_ in ids], return_exceptions=True)
    assert sum(isinstance(one, IdentityTaken) for one in made) == 15
    assert await fetchval("SELECT count(*) FROM identity") == 1


async def test_of_sixteen_cards_of_one_member_exactly_one_is_first(member):
    id_ = await member("Ana")
    await asyncio.gather(*[service.add_identity(id_, "card", f"C{n:03}", primary=n % 2 == 0) for n in range(16)])
    counted = await fetchrow("SELECT count(*), count(*) FILTER (WHERE is_primary) FROM identity")
    assert tuple(counted) == (16, 1)


async def test_who_verified_stands_in_the_audit(member):
    id_ = await member("Ana", phone=PHONE)
    identity = (await service.identities_of(id_))[0].id
    await service.change_identity(id_, identity, verified=True)
    await service.change_identity(id_, identity, verified=True)
    await service.change_identity(id_, identity, verified=False)
    noted = await fetch("SELECT action, member, subject FROM audit WHERE action LIKE 'members.identity%' ORDER BY id")
    assert [tuple(row) for row in noted] == [
        ("members.identity_verified", id_, identity),
        ("members.identity_doubted", id_, identity),
    ]


async def test_events_and_audit_tell_the_kind_and_never_the_value(member):
    id_ = await member("Ana")
    added = await service.add_identity(id_, "card", "C0012345")
    await service.remove_identity(id_, added)
    events = await fetch("SELECT kind, payload FROM event WHERE kind LIKE 'member.identity%' ORDER BY id")
    assert [tuple(row) for row in events] == [
        ("member.identity_added", {"identity_kind": "card"}),
        ("member.identity_removed", {"identity_kind": "card"}),
    ]
    told = str([dict(row) for table in ("event", "audit") for row in await fetch(f"SELECT * FROM {table}")])
    assert "C0012345" not in told


async def test_a_phone_that_changed_hands_moves_and_both_stories_tell_so(member):
    ana, ben = await member("Ana", phone=PHONE), await member("Ben", phone=OTHER)
    await service.add_identity(ana, "phone", "13700137000")
    await service.take_over(ben, "phone", PHONE)
    assert await _of(ana) == [("phone", "+8613700137000", True)]
    assert await _of(ben) == [("phone", "+8613800138000", True), ("phone", "+8613900139000", False)]
    events = await fetch("SELECT kind, member FROM event WHERE kind LIKE 'member.identity%' ORDER BY id")
    assert [tuple(row) for row in events[1:]] == [("member.identity_removed", ana), ("member.identity_added", ben)]


async def test_a_phone_is_taken_over_by_one_of_those_who_try(member):
    ana = await member("Ana", phone=PHONE)
    others = [await member(f"Ben {n}") for n in range(8)]
    await asyncio.gather(*[service.take_over(one, "phone", PHONE) for one in others], return_exceptions=True)
    holders = await fetch("SELECT member FROM identity WHERE kind = 'phone'")
    assert len(holders) == 1
    assert holders[0]["member"] in others
    assert await _of(ana) == []


async def test_a_phone_of_another_store_is_not_taken_over(store, member, as_cashier):
    other = (await access.add_store("xh", name="Xuhui")).id
    await member("Ana", phone=PHONE)
    ben = await service.create_member(NewMember(name="Ben", store=other))
    with as_cashier(other), pytest.raises(IdentityTaken, match="ask the member to confirm") as refused:
        await service.take_over(ben, "phone", PHONE)
    assert "member" not in refused.value.facts


async def test_taking_over_is_counted_so_that_it_guesses_no_masked_phone(store):
    other = (await access.add_store("xh", name="Xuhui")).id
    for n in range(11):
        await service.create_member(NewMember(name=f"Ana {n}", phone=f"138{n:04}8000", store=store))
    ben = await service.create_member(NewMember(name="Ben", store=other))
    lin = await access.add_staff("lin", "Lin", "correct horse 42", role_code="front_desk", store_code="xh")
    rights = (Grant(("members.read", "members.write"), other),)
    told = []
    with acting_as(Actor("staff", "Lin", rights, staff_id=lin.id, store=other)):
        for n in range(11):
            with pytest.raises((IdentityTaken, TooMany)) as refused:
                await service.take_over(ben, "phone", f"138{n:04}8000")
            told.append(refused.type)
    assert told == [IdentityTaken] * 10 + [TooMany]


async def test_a_resident_id_fills_what_is_empty_and_nothing_else(store):
    id_ = await service.create_member(NewMember(name="Ana", identities=[("resident_id", WOMAN)]))
    view = await service.member(id_)
    assert (str(view.birthday), view.gender) == ("1949-12-31", "female")
    known = await service.create_member(NewMember(name="Ben", birthday="lunar:--08-15", gender="male"))
    await service.add_identity(known, "resident_id", "440524188001010014")
    view = await service.member(known)
    assert (str(view.birthday), view.gender) == ("lunar:--08-15", "male")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (" e1234 5678 ", "E12345678"),
        ("123456789", "123456789"),
        ("XDF123456", "XDF123456"),
    ],
)
def test_a_passport_is_six_to_nine_letters_and_digits(written, number):
    assert normalise_passport(written) == number


@pytest.mark.parametrize("written", ["ABCDEF", "12345", "1234567890", "E1234-5678-9", "护照12345"])
def test_what_cannot_be_a_passport_is_refused(written):
    with pytest.raises(Unusable, match="a passport number has six to nine letters and digits"):
        normalise_passport(written)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("h12345678", "H12345678"),
        ("M1234567801", "M1234567801"),
        ("1234 5678", "12345678"),
        ("1234567890(B)", "1234567890B"),
        ("USA110082011010", "USA110082011010"),
        ("810000199408230021", "810000199408230021"),
        ("911124198108030024", "911124198108030024"),
    ],
)
def test_a_permit_is_known_by_its_form_or_its_check_character(written, number):
    assert normalise_permit(written) == number


@pytest.mark.parametrize("written", ["A12345678", "810000199408230022", "110105194912310020", "1234567"])
def test_what_cannot_be_a_permit_is_refused(written):
    with pytest.raises(Unusable):
        normalise_permit(written)


# Programs


async def test_a_program_adds_changes_and_removes_by_ids(api, member):
    id_ = await member("Ana", phone=PHONE)
    made = await api.post(f"/members/{id_}/identities", json={"kind": "phone", "value": OTHER, "verified": True})
    assert (made.status_code, made.json()["value"], made.json()["verified"]) == (201, "+8613900139000", True)
    at = f"/members/{id_}/identities/{made.json()['id']}"
    assert (await api.patch(at, json={"primary": True})).json()["primary"] is True
    assert [i["primary"] for i in (await api.get(f"/members/{id_}/identities")).json()["items"]] == [True, False]
    assert (await api.delete(at)).status_code == 204
    assert (await api.delete(at)).json()["code"] == "identity_unknown"


async def test_a_program_learns_whose_phone_it_is_only_where_it_sees_them(api, api_client, member, store):
    other = (await access.add_store("xh", name="Xuhui")).id
    ana = await member("Ana", phone=PHONE)
    ben = await service.create_member(NewMember(name="Ben", store=other))
    taken = await api.post(f"/members/{ben}/identities", json={"kind": "phone", "value": PHONE})
    assert (taken.status_code, taken.json()["code"], taken.json()["member"]) == (409, "identity_taken", str(ana))
    async with await api_client("members.read", "members.write", where=other) as elsewhere:
        taken = await elsewhere.post(f"/members/{ben}/identities", json={"kind": "phone", "value": PHONE})
    assert (taken.status_code, taken.json().get("member")) == (409, None)


async def test_a_program_without_the_right_to_reveal_sees_masks(api_client, member, store):
    id_ = await member("Ana", phone=PHONE, identities=[("card", "C0012345")])
    async with await api_client("members.read", where=store) as key:
        items = (await key.get(f"/members/{id_}/identities")).json()["items"]
    assert PHONE not in str(items)
    assert "C0012345" not in str(items)


async def test_a_wrong_value_is_named_by_its_field(api, member):
    refused = await api.post(f"/members/{await member('Ana')}/identities", json={"kind": "phone", "value": "12"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "value")


async def test_an_identity_outside_ones_stores_does_not_exist(api_client, member, store):
    other = (await access.add_store("xh", name="Xuhui")).id
    id_ = await member("Ana", phone=PHONE)
    identity = (await service.identities_of(id_))[0].id
    async with await api_client("members.read", "members.write", where=other) as key:
        answers = [
            await key.get(f"/members/{id_}/identities"),
            await key.post(f"/members/{id_}/identities", json={"kind": "card", "value": "C1"}),
            await key.patch(f"/members/{id_}/identities/{identity}", json={"primary": True}),
            await key.delete(f"/members/{id_}/identities/{identity}"),
        ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "member_unknown")}


async def test_a_changed_phone_keeps_the_others(member):
    id_ = await member("Ana", phone=PHONE)
    await service.add_identity(id_, "phone", OTHER)
    await service.change_member(id_, (await service.member(id_)).version, Changes(phone="13700137000"))
    assert await _of(id_) == [("phone", "+8613700137000", True), ("phone", "+8613900139000", False)]
