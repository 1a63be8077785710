"""Plugins take part in a merge and in its undoing: in its transaction, each with what it kept itself."""

from __future__ import annotations

import importlib
import types
from uuid import UUID

import pytest
from hooks.made import module

from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import DomainError
from tessera.kernel.plugins import PluginHost, failures
from tessera.kernel.plugins.host import CORE
from tessera.kernel.plugins.state import disable
from tessera.members.service import merging
from tessera_hooks import Merging


@pytest.fixture
def dummy(plugin_host: PluginHost) -> types.ModuleType:
    """What the plugin of the test tree does."""
    return importlib.import_module("tessera_dummy.service")


MERGING = Merging(UUID(int=1), UUID(int=2), UUID(int=3))


async def noticed_of(member: UUID) -> int:
    return await fetchval("SELECT count(*) FROM dummy.seen WHERE about = $1", member)


async def test_each_is_handed_its_own(empty_host):
    seen = {}

    def remembering(name):
        async def undo_merge(merging):
            seen[name] = dict(merging.kept)

        return module(undo_merge=undo_merge)

    empty_host.add(remembering("gym"), "gym", "gym")
    empty_host.add(remembering("points"), "tessera.points.plugin", CORE)
    kept = {"gym": {"lockers": 1}, "core.points": {"seq": 2}}
    await empty_host.participate_all(
        "undo_merge", lambda owner: {"merging": Merging(UUID(int=1), UUID(int=2), UUID(int=3), kept=kept[owner])}
    )
    assert seen == {"gym": {"lockers": 1}, "points": {"seq": 2}}


async def test_one_that_rests_is_asked_and_one_that_was_removed_is_not(empty_host):
    async def merge_members(merging):
        return {"here": True}

    empty_host.add(module(merge_members=merge_members), "gym", "gym")
    empty_host.add(module(merge_members=merge_members), "pool", "pool")
    answers = await empty_host.participate_all("merge_members", lambda _owner: {"merging": MERGING}, without={"pool"})
    assert answers == [("gym", {"here": True})]


async def test_one_that_breaks_stops_the_merge_and_is_named(empty_host):
    failures.take()

    async def merge_members(merging):
        raise KeyError("locker")

    empty_host.add(module(merge_members=merge_members), "gym", "gym")
    with pytest.raises(KeyError):
        await empty_host.participate_all("merge_members", lambda _owner: {"merging": MERGING})
    assert [(failure.plugin, failure.where) for failure in failures.take()] == [("gym", "merge_members")]


async def test_a_plugin_moves_its_rows_and_gives_them_back(member, dummy):
    ana, double = await member("Ana"), await member("Ana")
    await dummy.wave(double)
    done = await merging.merge(ana, double)
    merged = await noticed_of(ana), await noticed_of(double)
    await dummy.wave(ana)
    undone = await merging.undo(done.merge)
    assert (merged, await noticed_of(ana), await noticed_of(double)) == ((1, 0), 1, 1)
    assert "things that the dummy noticed: 1" in [str(said) for said in undone.stayed]


async def test_a_plugin_that_rests_takes_part(member, dummy):
    ana, double = await member("Ana"), await member("Ana")
    await dummy.wave(double)
    await disable("dummy")
    await merging.merge(ana, double)
    assert (await noticed_of(ana), await noticed_of(double)) == (1, 0)


async def test_a_refusal_takes_the_whole_merge_back(member, dummy):
    ana, double = await member("Ana", source="poster"), await member("Ana", phone="13800138000")
    await in_transaction(lambda: dummy.note("pinned", double))
    with pytest.raises(DomainError, match="something that cannot be moved"):
        await merging.merge(ana, double)
    assert await fetch("SELECT 1 FROM member_merge UNION ALL SELECT 1 FROM member WHERE merged_into IS NOT NULL") == []
    assert await fetchval("SELECT member FROM identity") == double
