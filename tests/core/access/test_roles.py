"""Roles: what they allow, and that nothing which was taken away comes back by itself."""

from __future__ import annotations

import pytest
from core.access.conftest import as_actor
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import service
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.access.permissions import CORE_ROLES, covers, covers_own
from tessera.access.service.roles import choices_of, refuse_beyond, with_choices
from tessera.kernel import generation
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import Forbidden, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.state import disable, enable

COACH = "fitness.coach"


def allows(role: str, permission: str) -> bool:
    return covers(next(tuple(r.permissions) for r in CORE_ROLES if r.name == role), permission)


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("front_desk", ["members.read", "members.write"], ["points.write", "purchases.write", "messages.send"]),
        ("operations", ["points.read", "messages.send", "rules.write"], ["points.adjust", "purchases.write"]),
        ("finance", ["purchases.read"], ["members.write", "purchases.write", "messages.send", "members.reveal"]),
    ],
)
def test_front_desk_edits_profiles_operations_campaigns_and_finance_reads_purchases(role, may, may_not):
    assert [p for p in may if not allows(role, p)] == []
    assert [p for p in may_not if allows(role, p)] == []


@pytest.mark.parametrize("permission", ["members.import", "members.export"])
def test_only_owner_and_manager_bring_in_or_take_out_lists(permission):
    assert {r.name for r in CORE_ROLES if covers(tuple(r.permissions), permission)} == {"owner", "manager"}


async def test_saving_a_role_again_does_not_give_back_what_was_removed_by_hand(business):
    with system_actor():
        everything = choices_of(service.role("manager").permissions)
        await service.keep_role("manager", "Manager", [p for p in everything if p != "members.reveal"])
        await service.keep_role("manager", "Manager of a store", choices_of(service.role("manager").permissions))
    assert not covers(service.role("manager").permissions, "members.reveal")
    assert covers(service.role("manager").permissions, "members.merge")


async def test_a_plugins_role_that_the_business_changed_stays_changed_when_the_plugin_comes_back(business):
    with system_actor():
        await service.keep_role(COACH, "Trainer", ["members.read@own", "fitness.body_test.read@own"])
        kept = service.role(COACH).permissions
        await disable("fitness")
        await generation.refresh()
        assert COACH not in service.roles()
        await enable("fitness")
        await generation.refresh()
    assert (service.role(COACH).title, service.role(COACH).permissions) == ("Trainer", kept)


async def test_saving_a_role_while_a_plugin_is_disabled_keeps_that_plugins_permissions(business):
    with system_actor():
        await service.keep_role("weekend", "Weekend", ["members.read", "fitness.body_test.read"])
        await disable("fitness")
        await generation.refresh()
        await service.keep_role("weekend", "Weekend help", [*choices_of(service.role("weekend").permissions)])
        await enable("fitness")
        await generation.refresh()
    assert covers(service.role("weekend").permissions, "fitness.body_test.read")


async def test_a_pattern_goes_on_to_cover_what_comes_later(business):
    with system_actor():
        wanted = [p for p in choices_of(service.role("front_desk").permissions) if p != "purchases.read"]
        await service.keep_role("front_desk", "Front desk", wanted)
    assert covers(service.role("front_desk").permissions, "spa.treatment.read")


async def test_a_plugins_role_belongs_to_it_and_leaves_with_it(business):
    with system_actor():
        await service.keep_role(COACH, "Trainer", ["members.read@own"])
    assert await fetchval("SELECT plugin FROM role WHERE code = $1", COACH) == "fitness"


PERMISSIONS = st.sampled_from(["members.read", "members.write", "purchases.read", "points.adjust", "staff.write"])
ENTRIES = st.sampled_from(
    ["*", "members.*", "!members.write", "members.read@own", "purchases.read", "!points.adjust", "gone.thing.read"]
)


@given(before=st.lists(ENTRIES, max_size=5), chosen=st.sets(PERMISSIONS, min_size=1))
async def test_a_role_comes_to_exactly_what_was_chosen_whatever_it_was_before(business, before, chosen):
    assert set(choices_of(with_choices(before, sorted(chosen)))) == chosen


async def test_a_permission_that_concerns_no_member_cannot_be_given_for_ones_own(business):
    with system_actor(), pytest.raises(Invalid, match=r"settings\.write@own"):
        await service.keep_role("odd", "Odd", ["settings.write@own"])


async def test_who_has_a_right_for_their_own_members_gives_it_so_and_never_whole(business):
    here = uuid7()
    someone = Actor("staff", "Ana", (Grant(("members.read@own",), here),), staff_id=uuid7())
    refuse_beyond(someone, ["members.read@own"], here)
    for given_, where in ((["members.read"], here), (["members.read@own"], uuid7()), (["members.read@own"], None)):
        with pytest.raises(Forbidden):
            refuse_beyond(someone, given_, where)


async def test_who_has_a_right_whole_gives_it_for_ones_own_too(business):
    here = uuid7()
    refuse_beyond(Actor("staff", "Ana", (Grant(("members.read",), here),)), ["members.read@own"], here)


def test_own_is_not_whole_and_whole_is_not_own():
    assert not covers(("members.read@own",), "members.read")
    assert covers_own(("members.read@own",), "members.read")
    assert not covers_own(("members.read@own", "!members.read"), "members.read")


async def test_what_a_role_lost_is_lost_at_the_next_request(hire):
    with system_actor():
        await service.keep_role("weekend", "Weekend", ["members.read", "points.read"])
    person = await hire("ben", "weekend")
    token = await service.open_session(person.id)
    with system_actor():
        await service.keep_role("weekend", "Weekend", ["members.read"])
    someone = await service.resume(token)
    assert someone is not None
    assert not someone.may("points.read")


async def test_a_role_that_is_gone_allows_nothing(hire):
    person = await hire("ben", COACH)
    await execute("UPDATE staff_role SET role = 'gone.role' WHERE staff = $1", person.id)
    with acting_as(await as_actor(person)) as someone:
        assert not someone.may("members.read")
