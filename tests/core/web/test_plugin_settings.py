"""Plugins through their pages: where they are on, what follows from a change, and what they let one set."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from core.web.browser import Browser

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.app import make_app
from tessera.kernel.clock import now
from tessera.kernel.database import execute, fetch
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import host, plugin_settings
from tessera.kernel.plugins.state import PluginMoved, change_plugin_settings, disable, enable, enable_in

OFF = frozenset()


@pytest.fixture(scope="session")
def whole(plugin_host):
    """The whole application: pages of every domain and plugin."""
    return make_app(plugin_host)


@pytest.fixture
async def owner(whole, hire):
    await hire("ana")
    async with Browser(whole) as browser:
        await browser.sign_in("ana")
        await browser.open("/settings/plugins")
        yield browser


@pytest.fixture
async def north(store):
    """One more store."""
    with system_actor():
        return (await service.add_store("north", name="North gate")).id


@pytest.fixture
def on_fitness(monkeypatch):
    """Lets the dummy plugin build on fitness."""
    dummy = host().plugins["dummy"]
    built = replace(dummy, manifest=replace(dummy.manifest, requires=("fitness",)))
    monkeypatch.setitem(host().plugins, "dummy", built)


@asynccontextmanager
async def working_in(whole, login, store_code):
    """Someone who is signed in and works in a store."""
    async with Browser(whole, "10.0.0.9") as browser:
        await browser.sign_in(login)
        await browser.open("/")
        await browser.submit("/preferences/store", {"store": store_code, "next": "/"})
        yield browser


def place(where, *stores, seen="all", agreed="yes"):
    return {"where": where, "stores": list(stores), "seen": seen, "agreed": agreed}


async def test_each_plugin_says_what_it_brings_and_where_it_is_on(owner):
    seen = re.sub(r"<[^>]+>|\s+", " ", owner.seen)
    for said in ("Fitness", "Body tests with trends", "1 record type", "Body test", "1 rule", "On everywhere"):
        assert said in seen


async def test_a_plugin_in_one_store_has_pages_there_and_nowhere_else_without_a_restart(owner, whole, north):
    answer = await owner.submit("/settings/plugins/fitness/where", place("stores", "main"))
    assert answer.status_code == 303
    async with working_in(whole, "ana", "main") as there, working_in(whole, "ana", "north") as elsewhere:
        assert (await there.open("/fitness/body-tests")).status_code == 200
        assert (await elsewhere.open("/fitness/body-tests")).status_code == 404
        await owner.submit("/settings/plugins/fitness/where", place("stores", "north", seen="main"))
        assert (await there.open("/fitness/body-tests")).status_code == 404
        assert (await elsewhere.open("/fitness/body-tests")).status_code == 200


async def test_switching_off_is_asked_first_and_says_that_nothing_is_lost(owner):
    await owner.submit("/settings/plugins/fitness/where", place("off", agreed=""))
    assert "Switch off Fitness?" in owner.seen
    assert "Nothing is lost" in owner.seen
    assert "1 record type (Body test)" in owner.seen
    assert host().enabled("fitness")
    assert (await owner.submit("/settings/plugins/fitness/where", place("off"))).status_code == 303
    assert not host().enabled("fitness")


async def test_dependents_rest_too_and_are_named_first(owner, on_fitness, store):
    await owner.submit("/settings/plugins/fitness/where", place("stores", "main", agreed=""))
    assert re.search(r"Dummy</span>.*rests too", owner.seen)
    await owner.submit("/settings/plugins/fitness/where", place("stores", "main"))
    assert host().where["dummy"] == host().where["fitness"] == {store}


async def test_required_plugins_come_along_and_are_named_first(owner, on_fitness, store):
    await disable("fitness")
    await owner.open("/settings/plugins")
    assert "Comes along when it is switched on: Fitness" in owner.seen
    form = place("stores", "main", seen="off", agreed="")
    await owner.submit("/settings/plugins/dummy/where", form)
    assert re.search(r"Fitness</span>.*comes along", owner.seen)
    assert not host().enabled("fitness")
    await owner.submit("/settings/plugins/dummy/where", {**form, "agreed": "yes"})
    assert host().where["fitness"] == {store}


async def test_a_simple_switching_on_is_not_asked_about(owner):
    await disable("fitness")
    answer = await owner.submit("/settings/plugins/fitness/where", place("all", seen="off", agreed=""))
    assert answer.status_code == 303
    assert host().where["fitness"] is None


async def test_chosen_stores_without_a_store_are_refused(owner):
    answer = await owner.submit("/settings/plugins/fitness/where", place("stores"))
    assert answer.status_code == 422
    assert "Choose at least one store, or choose everywhere or off." in owner.seen
    assert host().where["fitness"] is None


async def test_a_store_that_does_not_exist_is_refused(owner):
    answer = await owner.submit("/settings/plugins/fitness/where", place("stores", "moon"))
    assert answer.status_code == 422


async def test_of_two_people_at_once_one_is_told_to_look_again(owner, store, north):
    forms = [place("stores", "main"), place("stores", "north")]
    answers = await asyncio.gather(*(owner.submit("/settings/plugins/fitness/where", form) for form in forms))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    rows = await fetch("SELECT store FROM plugin_enabled WHERE plugin = 'fitness'")
    assert [row["store"] for row in rows] in ([store], [north])


async def test_exact_sets_at_once_never_mix(business, store, north):
    wanted = [{store}, {north}, {store, north}, None, OFF] * 3
    await asyncio.gather(*(enable_in("fitness", stores) for stores in wanted))
    rows = [row["store"] for row in await fetch("SELECT store FROM plugin_enabled WHERE plugin = 'fitness'")]
    assert len(rows) == len(set(rows))
    assert set(rows) in [{store}, {north}, {store, north}, {None}, set()]


async def test_everywhere_becomes_one_store_and_none_again(business, store):
    assert await enable_in("fitness", [store]) == {"fitness": {store}}
    assert host().enabled("fitness", store)
    assert await enable_in("fitness", OFF, was=frozenset({store})) == {"fitness": OFF}
    assert not host().enabled("fitness")
    assert await enable_in("fitness", OFF) == {}
    with pytest.raises(PluginMoved):
        await enable_in("fitness", None, was=None)


async def test_a_dependent_and_what_it_requires_never_part_when_changed_at_once(business, store, on_fitness):
    await asyncio.gather(enable_in("fitness", OFF), enable_in("dummy", None), enable_in("fitness", [store]))
    dummy, fitness = host().where.get("dummy", OFF), host().where.get("fitness", OFF)
    assert dummy == OFF or fitness is None or (dummy is not None and dummy <= fitness)


async def test_a_plugin_whose_code_is_gone_is_listed_with_the_next_step(owner):
    for name, title, removed in [("sauna", "Sauna", None), ("pool", "Pool", now())]:
        await execute(
            "INSERT INTO plugin_state (name, title, version, removed_at, created_at) "
            "VALUES ($1, $2::jsonb, '2', $3, $4)",
            name,
            f'{{"en": "{title}", "zh_Hans": "桑拿"}}',
            removed,
            now(),
        )
    await owner.open("/settings/plugins")
    assert "tessera plugin remove sauna" in owner.seen
    assert "tessera plugin restore FILE" in owner.seen
    await execute("INSERT INTO plugin_enabled (id, plugin) VALUES (gen_random_uuid(), 'sauna')")
    await owner.open("/settings/plugins")
    assert "tessera plugin disable sauna" in owner.seen
    assert (await owner.open("/settings/plugins/sauna")).status_code == 404


async def test_settings_show_their_titles_defaults_and_values_in_both_languages(owner):
    await owner.open("/settings/plugins/fitness")
    assert "Quiet hours begin" in owner.seen
    assert "By the store's clock. Default: 10<" in owner.seen
    await owner.open("/settings/plugins/fitness", headers={"Accept-Language": "zh-CN"})
    assert "闲时开始" in owner.seen


async def test_settings_are_saved_and_shown_again(owner):
    await owner.open("/settings/plugins/dummy")
    assert "Largest sale" in owner.seen
    form = {"factor": "1.25", "refuse_above": "500", "tone": "brief", "motto": "Go!", "loud": "yes", "patience": "2.5"}
    assert (await owner.submit("/settings/plugins/dummy", form)).status_code == 303
    chosen = plugin_settings("dummy")
    assert (chosen.factor, chosen.refuse_above, chosen.tone) == ("1.25", 500, "brief")
    assert (chosen.motto, chosen.loud, chosen.patience) == ("Go!", True, Decimal("2.5"))
    await owner.open("/settings/plugins/dummy")
    assert 'name="factor" type="text" value="1.25"' in owner.seen
    assert '<option value="brief" selected>' in owner.seen


async def test_what_was_left_alone_keeps_what_someone_else_saved_meanwhile(owner):
    await owner.open("/settings/plugins/fitness")
    await change_plugin_settings("fitness", {"off_peak_from": 9})
    form = {
        "off_peak_from": "10",
        "was.off_peak_from": "10",
        "off_peak_until": "17",
        "was.off_peak_until": "16",
        "off_peak_points_factor": "1",
        "was.off_peak_points_factor": "1",
    }
    assert (await owner.submit("/settings/plugins/fitness", form)).status_code == 303
    chosen = plugin_settings("fitness")
    assert (chosen.off_peak_from, chosen.off_peak_until) == (9, 17)


async def test_different_settings_changed_at_once_are_all_kept(business):
    await asyncio.gather(
        change_plugin_settings("fitness", {"off_peak_from": 8}),
        change_plugin_settings("fitness", {"off_peak_until": 18}),
        change_plugin_settings("fitness", {"off_peak_points_factor": "2"}),
    )
    chosen = plugin_settings("fitness")
    assert (chosen.off_peak_from, chosen.off_peak_until, chosen.off_peak_points_factor) == (8, 18, "2")


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("off_peak_from", "25", "A value from 0 to 24."),
        ("off_peak_from", "ten", "Write a whole number."),
        ("off_peak_from", "", "Fill this in."),
        ("off_peak_from", "1" * 5000, "Write a whole number."),
        ("off_peak_points_factor", "1/3", "Write a factor from 0 to 99.99, such as 1.5."),
        ("off_peak_points_factor", "-2", "Write a factor from 0 to 99.99, such as 1.5."),
        ("off_peak_points_factor", "1e9", "Write a factor from 0 to 99.99, such as 1.5."),
        ("off_peak_points_factor", "１", "Write a factor from 0 to 99.99, such as 1.5."),
        ("off_peak_points_factor", "", "Write a factor from 0 to 99.99, such as 1.5."),
    ],
)
async def test_a_wrong_value_is_said_at_its_field_and_nothing_is_saved(owner, name, wrong, said):
    right = {"off_peak_from": "11", "off_peak_until": "17", "off_peak_points_factor": "2"}
    answer = await owner.submit("/settings/plugins/fitness", {**right, name: wrong})
    assert answer.status_code == 422
    assert f'id="e-{name}">{said}' in owner.seen
    assert plugin_settings("fitness").off_peak_until == 16


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"loud": "yes", "motto": ""}, "a loud greeting needs a motto"),
        ({"tone": "rude"}, "Choose one of these."),
        ({"motto": "x" * 41}, "This value does not fit here."),
        ({"patience": "NaN"}, "Write a number, such as 1.5."),
        ({"factor": "often"}, "often"),
        ({"colour": "red"}, 'There is no setting "colour" here.'),
    ],
)
async def test_what_the_plugin_refuses_is_not_saved(owner, form, said):
    whole = {"factor": "1", "refuse_above": "5", "tone": "warm", "motto": "", "patience": "1.5"}
    answer = await owner.submit("/settings/plugins/dummy", {**whole, **form})
    assert answer.status_code == 422
    assert said in owner.seen
    assert plugin_settings("dummy").refuse_above == 10_000_000


async def test_an_unknown_setting_is_refused_with_the_nearest(business):
    with pytest.raises(Invalid, match='fitness has no setting "off_peak_form": did you mean "off_peak_from"'):
        await change_plugin_settings("fitness", {"off_peak_form": 3})


async def test_a_stored_value_that_fits_no_longer_is_shown_and_can_be_mended(owner):
    await execute(
        "INSERT INTO setting (key, value, plugin, updated_at) VALUES ('fitness.settings', $1::jsonb, 'fitness', $2)",
        '{"off_peak_points_factor": "lots", "gone": 1}',
        now(),
    )
    await enable("fitness")
    await owner.open("/settings/plugins/fitness")
    assert 'id="e-off_peak_points_factor"' in owner.seen
    form = {"off_peak_from": "10", "off_peak_until": "16", "off_peak_points_factor": "1.5"}
    assert (await owner.submit("/settings/plugins/fitness", form)).status_code == 303
    assert plugin_settings("fitness").off_peak_points_factor == "1.5"


@pytest.mark.parametrize("path", ["/settings/plugins", "/settings/plugins/fitness"])
async def test_the_pages_are_for_those_who_may_change_settings(owner, whole, hire, path):
    assert (await owner.open(path)).status_code == 200
    await hire("cas", "cashier")
    async with Browser(whole, "10.0.0.3") as cashier:
        await cashier.sign_in("cas")
        assert (await cashier.open(path)).status_code == 403
        await cashier.open("/")
        assert (await cashier.submit("/settings/plugins/fitness/where", place("off"))).status_code == 403
        assert (await cashier.submit("/settings/plugins/fitness", {"off_peak_from": "3"})).status_code == 403
    assert host().enabled("fitness")
    assert plugin_settings("fitness").off_peak_from == 10


async def test_the_business_page_leads_to_the_plugins(owner):
    await owner.open("/settings/business")
    assert 'href="/settings/plugins"' in owner.seen
