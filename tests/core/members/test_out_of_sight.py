"""What a right for one's own, a guardian elsewhere, a merge at the same moment or a huge request must not open."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import Forbidden, Invalid
from tessera.members import service
from tessera.members.service import GuardianNeeded, NewMember, responsible, telling
from tessera.members.service.attachments import attach, read_attachment
from tessera.members.service.merging import merge
from tessera.members.service.reveal import reveal
from tessera.members.service.search import Narrowing, search_ids

PHONE = "13800138000"
OFFERS = ("marketing", "sms")


@pytest.fixture
async def coach(store: UUID, system) -> Actor:
    """Sees all members of the store, and may reveal those that she is responsible for alone."""
    person = await access.add_staff("lin", "Lin", "three quiet lanterns", role_code="cashier", store_code="main")
    rights = (Grant(("members.read", "members.export", "members.reveal@own"), store),)
    return Actor("staff", "Lin", rights, staff_id=person.id, store=store)


@pytest.fixture
async def homeless(member, store: UUID) -> UUID:
    """Ana is known in the store and belongs to none; a sensitive file is kept about her."""
    ana = await member("Ana", phone=PHONE)
    await execute("UPDATE member SET store = NULL WHERE id = $1", ana)
    return ana


async def test_a_right_to_reveal_ones_own_reveals_nobody_who_belongs_to_no_store(coach, homeless):
    with acting_as(coach), pytest.raises(Forbidden):
        await reveal(homeless, "phone")


async def test_nor_does_it_open_their_files_or_tell_all_that_is_known(coach, homeless):
    file = await attach(homeless, b"plain words", name="a.txt", sensitive=True)
    with acting_as(coach):
        with pytest.raises(Forbidden):
            await read_attachment(homeless, file)
        with pytest.raises(Forbidden):
            await telling.export_member(homeless)


async def test_who_sees_their_own_alone_finds_them_in_a_store_too(coach, member, store):
    ana, _ben = await member("Ana Lin"), await member("Ben Lin")
    await responsible.set_responsible(ana, "coach", coach.staff_id)
    own = Actor("staff", "Lin", (Grant(("members.read@own",), store),), staff_id=coach.staff_id, store=store)
    with acting_as(own):
        assert await search_ids("lin", narrowing=Narrowing(store=store)) == [ana]


@pytest.fixture
async def family(member, system) -> tuple[UUID, UUID, UUID]:
    """A child of the main store whose mother is a member of another: child, mother, that store."""
    north = (await access.add_store("north", name="North")).id
    mother = await service.create_member(NewMember(name="Secret Mother", store=north))
    child = await member("Kid", birthday="2020-01-01")
    await service.link(child, "guardian", mother)
    return child, mother, north


async def test_a_guardian_of_another_store_is_told_neither_by_id_nor_by_name(family, store):
    child, mother, _north = family
    await service.set_consent(child, *OFFERS, "granted", source="desk", guardian=mother)
    with acting_as(Actor("staff", "Ben", (Grant(("members.read", "members.write"), store),), store=store)):
        assert [word.guardian for word in await service.consent_words(child)] == [""]
        with pytest.raises(GuardianNeeded) as refusal:
            await service.set_consent(child, "marketing", "email", "granted", source="desk")
    assert refusal.value.facts["guardians"] == []


async def test_a_phone_that_changes_hands_while_its_new_owner_is_merged_is_not_lost(member):
    for n in range(4):
        keep, gone = await member(f"Keep {n}"), await member(f"Gone {n}")
        await member(f"Had {n}", phone=f"1380013800{n}")
        await asyncio.gather(
            _as_system(merge(keep, gone)),
            _as_system(service.take_over(gone, "phone", f"1380013800{n}")),
            return_exceptions=True,
        )
    held_by_nobody = "SELECT count(*) FROM identity i JOIN member m ON m.id = i.member WHERE m.merged_into IS NOT NULL"
    assert await fetchval(held_by_nobody) == 0


async def _as_system(work) -> None:
    with system_actor():
        await work


async def test_nobody_brings_thousands_of_cards_in_one_request(store, system):
    with pytest.raises(Invalid, match="at most 50 at once"):
        await service.create_member(NewMember(name="Ana", identities=[("card", f"C{n}") for n in range(51)]))
