"""Someone leaves: every door closes at once, and what they had in hand goes to others."""

from __future__ import annotations

import asyncio

import pytest
from core.access.conftest import PASSWORD, as_actor

from tessera.access import service
from tessera.access.actor import acting_as
from tessera.access.service import leaving, tablets
from tessera.access.service.leaving import Heir
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Invalid
from tessera.members.service.responsible import responsible_of, set_responsible
from tessera.tasks.service import open_task


@pytest.fixture
async def ben(hire, member):
    """Ben has a session, a PIN, a member, a task and an API key."""
    person = await hire("ben")
    ana = await member("Ana")
    await set_responsible(ana, "cashier", person.id)
    await open_task("call", "Call Ana", member=ana, staff=person.id)
    await tablets.set_pin(person.id, "4711", PASSWORD)
    with acting_as(await as_actor(await hire("olga", "owner", ""))):
        await service.add_key("till 3", ["points.read"])
    await fetchval("UPDATE api_key SET created_by = $1 RETURNING id", person.id)
    return person


async def test_what_will_happen_is_said_before_with_counts(ben, system):
    going = await leaving.leaving(ben.id)
    assert {key: pile.count for key, pile in going.piles.items()} == {("members", "cashier"): 1, ("tasks", "open"): 1}
    assert [key.name for key in going.keys] == ["till 3"]


async def test_every_door_closes(ben, system):
    token = await service.open_session(ben.id)
    await leaving.leave(ben.id)
    assert await service.resume(token) is None
    with pytest.raises(service.WrongPassword):
        await service.sign_in("ben", PASSWORD)
    assert await fetchval("SELECT pin_hash FROM staff WHERE id = $1", ben.id) is None


async def test_members_and_tasks_go_to_a_colleague(ben, hire, system):
    cas = await hire("cas")
    await leaving.leave(ben.id, {("members", "cashier"): Heir(cas.id), ("tasks", "open"): Heir(cas.id)})
    member = await fetchval("SELECT member FROM task")
    assert (await responsible_of(member))["cashier"].login == "cas"
    assert await fetchval("SELECT staff FROM task") == cas.id


async def test_tasks_go_to_a_role(ben, system):
    await leaving.leave(ben.id, {("tasks", "open"): Heir(role="front_desk")})
    assert await fetchval("SELECT role FROM task WHERE staff IS NULL") == "front_desk"


async def test_what_nobody_takes_over_is_nobodys_and_does_not_stay_with_who_left(ben, system):
    await leaving.leave(ben.id)
    assert await fetchval("SELECT count(*) FROM member_staff WHERE staff = $1", ben.id) == 0
    assert await fetchval("SELECT count(*) FROM task WHERE staff = $1", ben.id) == 0


async def test_their_keys_go_on_unless_they_are_revoked(ben, system):
    key = (await leaving.leaving(ben.id)).keys[0]
    await leaving.leave(ben.id)
    assert await fetchval("SELECT revoked_at IS NULL FROM api_key WHERE id = $1", key.id)


async def test_a_key_that_was_named_is_revoked(ben, system):
    key = (await leaving.leaving(ben.id)).keys[0]
    await leaving.leave(ben.id, revoke=[key.id])
    assert await fetchval("SELECT revoked_at IS NOT NULL FROM api_key WHERE id = $1", key.id)


async def test_the_last_owner_stays_with_all_they_have(hire, system):
    ana = await hire("ana", "owner", "")
    task = await open_task("call", "Call", staff=ana.id)
    with pytest.raises(service.LastOwner):
        await leaving.leave(ana.id)
    assert (await service.one(ana.id)).active
    assert await fetchval("SELECT staff FROM task WHERE id = $1", task) == ana.id


async def test_of_two_last_owners_who_leave_at_once_one_stays(hire, system):
    ana, ben = await hire("ana", "owner", ""), await hire("ben", "owner", "")
    left = await asyncio.gather(leaving.leave(ana.id), leaving.leave(ben.id), return_exceptions=True)
    assert [type(one).__name__ for one in left].count("LastOwner") == 1


async def test_an_owner_who_was_only_invited_does_not_count(hire, system):
    from tessera.access.service import invitations

    ana = await hire("ana", "owner", "")
    await invitations.invite("Ben", [("owner", "")])
    with pytest.raises(service.LastOwner):
        await leaving.leave(ana.id)


async def test_nothing_goes_to_someone_who_has_left_or_to_oneself(ben, hire, system):
    gone = await hire("cas")
    await leaving.leave(gone.id)
    for heir in (gone.id, ben.id):
        with pytest.raises(Invalid, match="choose someone who works here"):
            await leaving.leave(ben.id, {("tasks", "open"): Heir(heir)})


async def test_members_of_a_circle_in_which_the_heir_does_not_work_stop_it_all(ben, hire, system):
    await service.add_store("clinic", "Clinic", circle="clinic")
    doctor = await hire("doc", "cashier", "clinic")
    with pytest.raises(Invalid, match="1 of these members belong to stores"):
        await leaving.leave(ben.id, {("members", "cashier"): Heir(doctor.id)})
    assert (await service.one(ben.id)).active


async def test_leaving_is_in_the_audit_with_its_count(ben, system):
    await leaving.leave(ben.id)
    assert await fetchval("SELECT rows FROM audit WHERE action = 'access.staff_left' AND subject = $1", ben.id) == 2
