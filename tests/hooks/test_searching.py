"""What plugins find: beside what the core finds, of those one may see, and never in the way of it."""

from uuid import UUID

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.database import execute
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.host import host
from tessera.members import service


@pytest.fixture
async def wearer(member) -> UUID:
    """A member who wears badge 17."""
    ana = await member("Ana")
    await execute("INSERT INTO dummy.seen (id, what, about, at) VALUES ($1, 'badge 17', $2, now())", uuid7(), ana)
    return ana


async def test_a_plugin_answers_members_for_what_was_typed(wearer):
    assert ("dummy", [wearer]) in await host().ask("search_members", q="17", limit=5)


async def test_what_a_plugin_finds_is_found_by_the_box(wearer):
    assert await service.found_by_plugins("17") == [wearer]


async def test_whom_one_may_not_see_is_left_out(wearer):
    other = (await access.add_store("xh", name="Xuhui")).id
    with acting_as(Actor("staff", "Lin", (Grant(("members.read",), other),), store=other)):
        assert await service.found_by_plugins("17") == []


async def test_a_plugin_that_fails_is_left_out(wearer):
    assert await service.found_by_plugins("broken badge") == []
