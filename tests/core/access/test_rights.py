"""Permissions, roles and where they hold."""

from __future__ import annotations

import pytest

from tessera.access import service
from tessera.access.actor import NOBODY, SYSTEM, Actor, Grant, acting_as, actor, system_actor
from tessera.access.permissions import CORE_PERMISSIONS, CORE_ROLES, covers
from tessera.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tessera.kernel.ids import uuid7


@pytest.mark.parametrize(
    ("held", "wanted", "granted"),
    [
        (("*",), "members.erase", True),
        (("members.read",), "members.read", True),
        (("members.read",), "members.write", False),
        (("members.read",), "members.read.more", False),
        (("*.*.read",), "fitness.body_test.read", True),
        (("*.*.read",), "members.read", False),
        (("fitness.*",), "fitness.body_test.write", True),
        (("*", "!members.erase"), "members.erase", False),
        (("!members.erase", "*"), "members.erase", False),
        ((), "members.read", False),
    ],
)
def test_a_role_grants_what_its_entries_name(held, wanted, granted):
    assert covers(held, wanted) is granted


def test_every_entry_of_a_built_in_role_names_something_that_exists():
    known = [p.name for p in CORE_PERMISSIONS] + ["plugin.record.read", "plugin.record.write"]
    for role in CORE_ROLES:
        for entry in role.permissions:
            assert any(covers((entry.removeprefix("!"),), name) for name in known), (role.name, entry)


def test_only_the_owner_may_do_everything():
    everything = {p.name for p in CORE_PERMISSIONS}
    for role in CORE_ROLES:
        held = {p for p in everything if covers(tuple(role.permissions), p)}
        assert (held == everything) is (role.name == "owner")


def test_a_right_in_one_store_is_none_in_another():
    here, there = uuid7(), uuid7()
    someone = Actor("staff", "Ana", (Grant(("points.read",), here),))
    assert someone.may("points.read", here)
    assert not someone.may("points.read", there)
    assert someone.may("points.read")
    assert someone.stores_with("points.read") == {here}
    assert someone.stores_with("points.write") == frozenset()


@pytest.mark.parametrize("permission", ["settings.write", "rules.write"])
def test_what_changes_the_whole_business_needs_a_role_that_holds_everywhere(permission):
    assert not Actor("staff", "Ana", (Grant(("*",), uuid7()),)).may(permission)
    assert Actor("staff", "Ben", (Grant(("*",)),)).may(permission)


def test_nobody_is_asked_to_sign_in_and_someone_is_refused():
    with pytest.raises(Unauthenticated):
        NOBODY.needs("members.read")
    with pytest.raises(Forbidden, match=r"it needs the permission members\.read"):
        Actor("staff", "Ana").needs("members.read")
    SYSTEM.needs("members.read")


def test_acting_ends_with_its_block():
    with system_actor(), acting_as(Actor("staff", "Ana")):
        assert actor().label == "Ana"
    assert actor() is NOBODY


async def test_plugins_bring_roles_where_they_are_enabled(business):
    assert any(code.startswith("fitness.") for code in service.roles())


async def test_an_unknown_role_store_or_permission_is_answered_with_those_there_are(business):
    await service.add_store("XH", "Xuhui")
    with pytest.raises(NotFound, match='there is no role "boss": the roles are owner, manager, cashier'):
        service.role("boss")
    with pytest.raises(NotFound, match='there is no store "YY": the stores are XH'):
        service.store_by_code("YY")
    with pytest.raises(Invalid, match=r'there is no permission "members\.fly": choose from'):
        service.check_permissions(["members.fly"])


async def test_a_role_of_ones_own_stands_beside_the_built_in_ones_and_goes_when_nobody_holds_it(business):
    with system_actor():
        await service.keep_role("weekend", "Weekend help", ["members.read", "purchases.write"])
        person = await service.add_staff("ben", "Ben", "first password", role_code="weekend")
        with pytest.raises(Conflict, match="someone still holds this role"):
            await service.drop_role("weekend")
        await service.set_roles(person.id, [("cashier", None)])
        await service.drop_role("weekend")
    assert "weekend" not in service.roles()


async def test_a_built_in_role_that_was_changed_can_go_back_to_what_it_was(business):
    before = service.role("cashier").permissions
    with system_actor():
        await service.keep_role("cashier", "Till", ["purchases.write"])
        assert service.role("cashier").permissions == ("purchases.write",)
        await service.drop_role("cashier")
    assert service.role("cashier").permissions == before


async def test_the_owners_role_cannot_be_changed(business):
    with system_actor(), pytest.raises(Invalid, match="the owner may always do everything"):
        await service.keep_role("owner", "Owner", ["members.read"])


async def test_stores_of_one_circle_are_mates_and_a_clinic_of_its_own_is_not(business):
    xuhui, pudong = await service.add_store("XH", "Xuhui"), await service.add_store("PD", "Pudong")
    clinic = await service.add_store("CL", "Clinic", circle="clinic")
    assert service.circle_mates(xuhui.id) == {xuhui.id, pudong.id}
    assert service.circle_mates(clinic.id) == {clinic.id}


@pytest.mark.parametrize("code", ["", " ", "a b", "-x", "x" * 41, "a/b", "../x"])
async def test_a_code_that_cannot_stand_in_a_file_or_an_address_is_refused(business, code):
    with pytest.raises(Invalid, match="write a short code"):
        await service.add_store(code, "Name")


async def test_a_session_costs_one_query(business, monkeypatch):
    from tessera.access.service import sessions

    with system_actor():
        person = await service.add_staff("ben", "Ben", "first password", role_code="cashier")
    token = await service.open_session(person.id)
    asked = []
    real = sessions.fetchrow

    async def counted(sql, *args):
        asked.append(sql)
        return await real(sql, *args)

    monkeypatch.setattr(sessions, "fetchrow", counted)
    monkeypatch.setattr(sessions, "execute", None)
    someone = await service.resume(token)
    assert someone.may("purchases.write")
    assert len(asked) == 1


@pytest.mark.parametrize("password", ["short", "a" * 300, "aaaaaaaaaa", "ababababab", "wang.li1"])
async def test_passwords_that_are_easily_guessed_are_refused(business, password):
    with system_actor(), pytest.raises(Invalid):
        await service.add_staff("wang.li1", "Wang", password, role_code="cashier")


async def test_who_manages_one_store_neither_sees_nor_revokes_the_keys_of_another(business):
    here, there = [(await service.add_store(code, name=code)).id for code in ("here", "there")]
    with system_actor():
        for where in (here, there, None):
            await service.add_key("till", ["points.read"], store=where)
        known = {key.stores[0] if key.stores else None: key.id for key in await service.list_keys()}
    with acting_as(Actor("staff", "Ana", (Grant(("staff.write",), here),))):
        assert [key.stores for key in await service.list_keys()] == [[here]]
        for where in (there, None):
            with pytest.raises(NotFound):
                await service.revoke(known[where])
        await service.revoke(known[here])
        assert await service.list_keys() == []
