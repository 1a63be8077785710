"""A business with broken or missing plugins can still be looked at and mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tessera import domains
from tessera.kernel.database import execute
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import use_host
from tessera.kernel.plugins.survey import Surveyed, standings, survey

MANIFEST = (
    "from tessera_hooks import Manifest\n\nMANIFEST = Manifest(name={name!r}, title={name!r}, requires={requires!r})\n"
)


@pytest.fixture
def look(tmp_path: Path, plugin_host):
    """Survey one-file plugins with the given endings; each name is used once, for Python remembers modules."""

    def surveyed(*requires: str, **plugins: str) -> Surveyed:
        for name, ending in plugins.items():
            text = MANIFEST.format(name=name, requires=requires if ending == "requires" else ())
            text += "" if ending == "requires" else ending
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        return survey(tmp_path, domains.DOMAINS, domains.derivations())

    yield surveyed
    use_host(plugin_host)


def test_a_plugin_that_cannot_be_imported_is_named_and_the_others_are_there(look):
    found = look(survey_broken="raise OSError('no water')\n", survey_sound="")
    assert "survey_sound" in found.host.plugins
    assert "cannot be imported (OSError: no water)" in found.broken["survey_broken"]


def test_a_plugin_with_a_misspelt_hook_is_named(look):
    found = look(survey_spelt="from tessera_hooks import hookimpl\n\n@hookimpl\ndef record_type():\n    return []\n")
    assert 'did you mean "record_types"' in found.broken["survey_spelt"]


def test_a_plugin_whose_requirement_is_missing_is_named(look):
    found = look("survey_nothing", survey_needy="requires")
    assert 'requires "survey_nothing", which is not installed' in found.broken["survey_needy"]


def test_a_plugin_that_requires_a_broken_one_is_named_too(look):
    found = look("survey_base", survey_base="import nothing_of_this_name\n", survey_above="requires")
    assert sorted(found.broken) == ["survey_above", "survey_base"]


async def test_a_plugin_that_is_enabled_and_gone_stands_in_the_list(business, plugin_host):
    await execute(
        "INSERT INTO plugin_state (name, title, version, created_at) VALUES ('pool', '{\"en\": \"Pool\"}', '2', now())"
    )
    await execute("INSERT INTO plugin_enabled (id, plugin) VALUES ($1, 'pool')", uuid7())
    (pool,) = [s for s in await standings(Surveyed(plugin_host, {})) if s.name == "pool"]
    assert (pool.title, pool.version, pool.installed, pool.enabled, pool.stores) == ("Pool", "2", False, True, None)


async def test_a_plugin_enabled_in_one_store_stands_there(store, plugin_host):
    await execute("UPDATE plugin_enabled SET store = $1 WHERE plugin = 'dummy'", store)
    (dummy,) = [s for s in await standings(Surveyed(plugin_host, {})) if s.name == "dummy"]
    assert dummy.stores == [store]
