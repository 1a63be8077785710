"""Plugins take part when one member is told all that is known, and when one is erased."""

from __future__ import annotations

import importlib
import types
from uuid import UUID

import pytest

from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import DomainError
from tessera.kernel.plugins import PluginHost
from tessera.kernel.plugins.state import disable
from tessera.members.service.erasing import erase
from tessera.members.service.telling import export_member


@pytest.fixture
def dummy(plugin_host: PluginHost) -> types.ModuleType:
    """What the plugin of the test tree does."""
    return importlib.import_module("tessera_dummy.service")


async def noticed_of(member: UUID) -> int:
    return await fetchval("SELECT count(*) FROM dummy.seen WHERE about = $1", member)


async def test_a_plugin_tells_what_it_keeps(member, dummy, plugin_host):
    ana = await member("Ana")
    await dummy.note("wave", ana)
    (told,) = [answer for name, answer in await plugin_host.participate_all(
        "export_member", lambda _owner: {"member": ana}) if name == "dummy"]  # fmt: skip
    assert [row["what"] for row in told["seen"]] == ["wave"]


async def test_a_plugin_that_rests_is_told_of_too(member, dummy):
    ana = await member("Ana")
    await dummy.note("wave", ana)
    await disable("dummy")
    assert (await export_member(ana)).rooms["dummy"]["seen"][0]["what"] == "wave"


async def test_a_plugin_forgets_the_person_and_keeps_the_sum(member, dummy):
    ana = await member("Ana")
    await dummy.note("wave", ana)
    await dummy.note("settled", ana, 500)
    await erase(ana)
    assert [(row["about"], row["amount"]) for row in await fetch("SELECT about, amount FROM dummy.seen "
            "WHERE what IN ('wave', 'settled')")] == [(None, 500)]  # fmt: skip


async def test_a_plugin_that_rests_forgets_too(member, dummy):
    ana = await member("Ana")
    await dummy.note("wave", ana)
    await disable("dummy")
    await erase(ana)
    assert await noticed_of(ana) == 0


async def test_what_a_plugin_refuses_is_not_half_done(member, dummy, plugin_host, monkeypatch):
    ana = await member("Ana")

    async def refuse(_member: UUID) -> None:
        raise DomainError("a locker is still in use")

    monkeypatch.setattr(dummy, "forget", refuse)
    with pytest.raises(DomainError, match="locker"):
        await in_transaction(lambda: erase(ana))
    assert await fetchval("SELECT name FROM member WHERE id = $1", ana) == "Ana"


async def test_a_host_asks_for_an_erasure_by_name(member, dummy, plugin_host):
    ana = await member("Ana")
    await dummy.note("wave", ana)
    await in_transaction(lambda: plugin_host.participate_all("erase_member", lambda _owner: {"member": ana}))
    assert await noticed_of(ana) == 0
