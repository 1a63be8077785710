"""Coming by a link: once, for a week, and for nobody who should not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from core.access.conftest import PASSWORD, as_actor

from tessera.access import service
from tessera.access.actor import acting_as, system_actor
from tessera.access.service import invitations
from tessera.access.service.invitations import InvitationOver
from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Conflict, Forbidden, NotFound


@pytest.fixture
async def ben(store):
    with system_actor():
        return await invitations.invite("Ben", [("cashier", "main")])


async def test_who_was_invited_chooses_login_password_and_language(ben):
    person = await invitations.accept(ben.token, "Ben.W", PASSWORD, locale="zh_Hans")
    assert (person.login, person.invited) == ("ben.w", False)
    assert (await service.sign_in("ben.w", PASSWORD)).staff == person.id
    assert await fetchval("SELECT locale FROM staff WHERE login = 'ben.w'") == "zh_Hans"


async def test_before_they_come_nobody_signs_in_for_them(ben):
    login = (await service.one(ben.staff)).login
    for password in ("", PASSWORD, "nobody has this password"):
        with pytest.raises(service.WrongPassword):
            await service.sign_in(login, password)


async def test_of_many_who_open_a_link_at_once_one_comes_in(ben):
    came = await asyncio.gather(
        *[invitations.accept(ben.token, f"ben{n}", PASSWORD) for n in range(6)], return_exceptions=True
    )
    assert [type(one).__name__ for one in came].count("StaffFacts") == 1
    assert [type(one).__name__ for one in came].count("InvitationOver") == 5


async def test_a_link_ends_after_seven_days(ben):
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)), pytest.raises(InvitationOver):
        await invitations.accept(ben.token, "ben", PASSWORD)


async def test_a_link_that_was_taken_back_opens_nothing_and_a_new_one_does(ben):
    with system_actor():
        await invitations.take_back(ben.staff)
    with pytest.raises(InvitationOver):
        await invitations.invited(ben.token)
    with system_actor():
        again = await invitations.invite_again(ben.staff)
    assert (await invitations.accept(again.token, "ben", PASSWORD)).id == ben.staff


async def test_a_new_link_ends_the_one_before(ben):
    with system_actor():
        await invitations.invite_again(ben.staff)
    with pytest.raises(InvitationOver):
        await invitations.accept(ben.token, "ben", PASSWORD)


async def test_who_has_come_is_not_invited_again(ben):
    await invitations.accept(ben.token, "ben", PASSWORD)
    with system_actor(), pytest.raises(Conflict, match="Ben has come already"):
        await invitations.invite_again(ben.staff)


async def test_who_left_before_coming_does_not_come(ben):
    with system_actor():
        await service.set_active(ben.staff, False)
    with pytest.raises(InvitationOver):
        await invitations.accept(ben.token, "ben", PASSWORD)


async def test_the_link_is_not_in_the_database(ben):
    assert ben.token.encode() not in await fetchval("SELECT token_hash FROM staff_invitation")


async def test_each_step_is_in_the_audit(ben):
    await invitations.accept(ben.token, "ben", PASSWORD)
    for action in ("access.staff_added", "access.staff_invited", "access.invitation_used"):
        assert await fetchval("SELECT count(*) FROM audit WHERE action = $1 AND subject = $2", action, ben.staff) == 1


async def test_nobody_is_invited_with_rights_that_the_inviter_lacks(hire):
    with system_actor():
        await service.keep_role("people", "People", ["staff.write", "members.read"])
    manager = await as_actor(await hire("pat", "people", "main"))
    with acting_as(manager):
        await invitations.invite("Eve", [("people", "main")])
        with pytest.raises(Forbidden):
            await invitations.invite("Eve", [("people", "")])
        with pytest.raises(Forbidden):
            await invitations.invite("Eve", [("owner", "main")])


async def test_who_manages_one_store_neither_sees_nor_invites_staff_of_another(hire, ben):
    with system_actor():
        await service.add_store("other", "Other street")
        await service.keep_role("people", "People", ["staff.write", "members.read"])
    manager = await as_actor(await hire("pat", "people", "other"))
    with acting_as(manager):
        assert [p.login for p in await service.list_staff()] == ["pat"]
        with pytest.raises(NotFound):
            await invitations.invite_again(ben.staff)
