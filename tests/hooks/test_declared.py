"""What the plugin of the test tree declares is what a host that is asked gives back, and what it declares works."""

from __future__ import annotations

import pytest

from tessera.kernel.database import fetchval, in_transaction
from tessera.kernel.events import emit
from tessera.kernel.plugins import PluginHost


def of_dummy(host: PluginHost, hook: str) -> list:
    return [declared.value for declared in host.declared(hook) if declared.plugin == "dummy"]


@pytest.mark.parametrize(
    ("hook", "name"),
    [
        ("permissions", "greet"),
        ("roles", "greeter"),
        ("events", "waved"),
        ("facts", "dummy.waves"),
        ("rules", "low_score"),
        ("message_templates", "hello"),
        ("reactions", "remember"),
        ("jobs", "tick"),
        ("screens", "greeting"),
        ("reward_kinds", "badge"),
    ],
)
def test_a_declaration_is_known_by_its_name(plugin_host, hook, name):
    assert name in [value.name for value in of_dummy(plugin_host, hook)]


def test_a_record_type_is_declared_with_its_table(plugin_host):
    assert [str(kind.title) for kind in of_dummy(plugin_host, "record_types")] == ["Check-up", "Habit"]


async def test_the_context_of_a_slot_is_nothing_without_a_member(business, plugin_host):
    slot = next(s for s in of_dummy(plugin_host, "slots") if s.place == "member.card")
    assert await slot.context(None) is None


async def test_a_starter_set_may_be_applied_twice(business, plugin_host):
    (starter,) = of_dummy(plugin_host, "starter_set")
    await starter.apply()
    await starter.apply()
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'started'") == 1


async def test_sample_data_of_no_members_is_nothing(business, plugin_host):
    (samples,) = of_dummy(plugin_host, "sample_data")
    await samples.create([])
    assert await fetchval("SELECT count(*) FROM dummy.check_up") == 0


async def test_a_plugins_own_endpoint_answers_below_its_name(api, plugin_host):
    assert [handler.fn.__name__ for handler in of_dummy(plugin_host, "api")] == ["greet_program"]
    assert (await api.get("/dummy/greetings")).json() == {"greeting": "Hello program"}


async def test_a_declared_event_can_be_emitted(business):
    await in_transaction(lambda: emit("dummy.waved", times=2))
    assert await fetchval("SELECT payload FROM event WHERE kind = 'dummy.waved'") == {"times": 2}
