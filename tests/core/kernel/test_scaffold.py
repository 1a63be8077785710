"""A plugin that was just begun works at once, and nothing is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tessera import domains
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins import discover, load_host, use_host
from tessera.kernel.plugins.authoring import write_for
from tessera.kernel.plugins.contract import violations
from tessera.kernel.plugins.discovery import local_plugin
from tessera.kernel.plugins.scaffold import scaffold


async def test_a_plugin_in_one_file_keeps_to_the_contract(tmp_path, plugin_host):
    path = await scaffold("meadow", tmp_path, one_file=True)
    loaded = load_host([*discover(), local_plugin(path)], domains.DOMAINS, domains.derivations())
    found = await violations(loaded, "meadow")
    use_host(plugin_host)
    assert found == []


async def test_a_new_plugin_needs_no_further_migration(tmp_path):
    path = await scaffold("orchard", tmp_path)
    assert await write_for(local_plugin(path), "again") is None


async def test_a_plugin_without_tables_has_nothing_to_migrate(tmp_path):
    path = tmp_path / "bare_field.py"
    text = "from tessera_hooks import Manifest\n\nMANIFEST = Manifest('bare_field', 'Bare field')\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotRun, match=r'"bare_field" has no tables: write them in .*bare_field\.py first'):
        await write_for(local_plugin(path), "first")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Meadow", 'plugin name "Meadow" cannot be used'),
        ("members", 'plugin name "members" cannot be used'),
        ("json", '"json" is the name of a Python module here: choose another, e.g. "my_json"'),
    ],
)
async def test_a_name_that_cannot_be_used_is_refused(tmp_path, name, said):
    with pytest.raises(CannotRun, match=said):
        await scaffold(name, tmp_path)


async def test_what_is_there_is_not_written_over(tmp_path):
    (tmp_path / "heath").mkdir()
    with pytest.raises(CannotRun, match="heath is there already: choose another name"):
        await scaffold("heath", tmp_path)


async def test_a_folder_that_cannot_be_written_is_one_sentence():
    with pytest.raises(CannotRun, match=r"/proc/moor/__init__\.py cannot be written|/proc/moor cannot be written"):
        await scaffold("moor", Path("/proc"))
