"""Nobody gives or takes rights that they do not hold themselves, however they go about it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from core.access.conftest import PASSWORD, acting_as, as_actor

from tessera.access import service
from tessera.access.actor import Actor, Grant, system_actor
from tessera.access.permissions import covers
from tessera.access.service import invitations, leaving
from tessera.access.service.roles import choices_of
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Forbidden, Invalid, TooMany
from tessera.kernel.ids import uuid7


@pytest.fixture
async def narrowed(business) -> None:
    """The business took revealing from its managers."""
    with system_actor():
        kept = [name for name in choices_of(service.role("manager").permissions) if name != "members.reveal"]
        await service.keep_role("manager", "Manager", kept)


@pytest.fixture
async def other_store(store: UUID) -> UUID:
    with system_actor():
        return (await service.add_store("north", name="North")).id


def in_store(store: UUID, *permissions: str) -> Actor:
    """Someone who manages the staff of one store."""
    return Actor("staff", "Ben", (Grant(("staff.write", *permissions), store),), staff_id=uuid7(), store=store)


async def test_who_manages_the_staff_of_a_store_cannot_bring_back_what_a_role_lost(narrowed, store):
    with acting_as(in_store(store, "members.read")), pytest.raises(Forbidden):
        await service.drop_role("manager")
    assert not covers(service.role("manager").permissions, "members.reveal")


async def test_who_holds_little_everywhere_cannot_take_rights_from_a_role(business):
    someone = Actor("staff", "Ben", (Grant(("staff.write", "members.read")),), staff_id=uuid7())
    with acting_as(someone), pytest.raises(Forbidden):
        await service.keep_role("finance", "Finance", ["members.read"])
    assert covers(service.role("finance").permissions, "points.adjust")


async def test_a_key_is_made_only_for_a_store_whose_staff_one_manages(store, other_store):
    grants = (Grant(("staff.write", "members.read"), store), Grant(("members.read",), other_store))
    with acting_as(Actor("staff", "Ben", grants)):
        with pytest.raises(Forbidden):
            await service.add_key("Till", ["members.read"], store=other_store)
        assert await service.add_key("Till", ["members.read"], store=store)


async def test_who_manages_one_store_neither_sees_nor_ends_a_leavers_keys_elsewhere(hire, store):
    person = await hire("cas", "cashier", "main")
    with acting_as(Actor("staff", "Cas", (Grant(("*",)),), staff_id=person.id)):
        await service.add_key("Whole business", ["members.read"])
    key = await fetchval("SELECT id FROM api_key")
    manager = in_store(store, *service.role("cashier").permissions)
    with acting_as(manager):
        assert (await leaving.leaving(person.id)).keys == []
        await leaving.leave(person.id, revoke=[key])
    assert await fetchval("SELECT revoked_at FROM api_key") is None


async def test_a_role_given_at_the_same_moment_is_not_taken_by_who_could_not_give_it(hire, store):
    person = await hire("cas", "cashier", "main")
    manager = in_store(store, *service.role("cashier").permissions)

    async def promote() -> None:
        with system_actor():
            await service.set_roles(person.id, [("owner", None)])

    async def keep_small() -> None:
        with acting_as(manager):
            await service.set_roles(person.id, [("cashier", store)])

    for _ in range(5):
        await asyncio.gather(promote(), keep_small(), return_exceptions=True)
        assert (await service.one(person.id)).held == (("owner", None),)
        with system_actor():
            await hire_back(person.id, store)


async def hire_back(person: UUID, store: UUID) -> None:
    """A cashier again, beside another owner."""
    if not await fetchval("SELECT EXISTS (SELECT 1 FROM staff WHERE login = 'olga')"):
        await service.add_staff("olga", "Olga", PASSWORD, role_code="owner")
    await service.set_roles(person, [("cashier", store)])


async def test_of_two_links_of_one_person_only_one_lets_them_in(hire, store):
    with system_actor():
        made = await invitations.invite("Dan", [("cashier", "main")])
        second = await invitations.link(made.staff)
    results = await asyncio.gather(
        *[
            invitations.accept(token, login, PASSWORD)
            for token, login in ((made.token, "dan"), (second, "eve"), (made.token, "fay"))
        ],
        return_exceptions=True,
    )
    assert len([one for one in results if isinstance(one, service.StaffFacts)]) == 1


async def test_guessing_the_own_password_again_is_slowed_down(hire):
    person = await hire("cas")
    with acting_as(await as_actor(person)):
        for _ in range(5):
            with pytest.raises(Invalid):
                await service.change_own_password(person.id, "a wrong password", "another long password")
        with pytest.raises(TooMany):
            await service.change_own_password(person.id, PASSWORD, "another long password")
