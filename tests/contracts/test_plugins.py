"""Every plugin that is bundled, and the one of the test tree, keeps to the contract; one that does not is told how."""

from __future__ import annotations

import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tessera import domains
from tessera.kernel.plugins import discover, load_host, use_host
from tessera.kernel.plugins.contract import violations
from tessera.kernel.plugins.discovery import GROUP, local_plugin
from tessera.kernel.plugins.scaffold import scaffold

BUNDLED = sorted(entry.name for entry in entry_points(group=GROUP))


@pytest.mark.parametrize("name", BUNDLED)
async def test_a_bundled_plugin_keeps_to_the_contract(plugin_host, name):
    assert await violations(plugin_host, name) == []


async def test_the_dummy_keeps_to_the_contract(plugin_host):
    assert await violations(plugin_host, "dummy") == []


@pytest.fixture
async def broken(tmp_path, plugin_host):
    """A scaffolded plugin into which a test writes what does not fit; answers what is said of it."""
    written = []

    async def say_of(**files: str) -> list[str]:
        name = f"broken_{len(written)}_{tmp_path.name[-20:].strip('_')}"
        written.append(name)
        folder = await scaffold(name, tmp_path)
        for file, text in files.items():
            path = folder / f"{file}.py"
            path.write_text(path.read_text(encoding="utf-8") + textwrap.dedent(text), encoding="utf-8")
        _forget(name)
        loaded = load_host([*discover(), local_plugin(folder)], domains.DOMAINS, domains.derivations())
        return [sentence.replace(name, "broken") for sentence in await violations(loaded, name)]

    yield say_of
    use_host(plugin_host)


def _forget(package: str) -> None:
    for module in [m for m in sys.modules if m.partition(".")[0] == package]:
        del sys.modules[module]


async def test_a_new_plugin_keeps_to_the_contract(broken):
    assert await broken() == []


@pytest.mark.parametrize(
    ("drawer", "text", "said"),
    [
        (
            "records",
            "import tessera.kernel.database\n",
            "imports tessera.kernel.database: a plugin uses tessera.plugin",
        ),
        ("records", "from tessera import access\n", "imports tessera.access: a plugin uses tessera.plugin"),
        ("records", "import tessera_fitness\n", 'imports tessera_fitness: the manifest does not require "fitness"'),
        ("plugin", "\ndef extra():\n    return 1\n", "plugin.py: extra is no hook"),
        (
            "plugin",
            """
            from tessera_hooks import Permission, _

            @hookimpl
            def permissions():
                found = []
                found.append(Permission("one", _("One")))
                found.append(Permission("two", _("Two")))
                return found
            """,
            "plugin.py: the hook permissions does too much",
        ),
        (
            "plugin",
            """
            from tessera_hooks import Event, _
            import msgspec

            class Nothing(msgspec.Struct):
                pass

            @hookimpl
            def events():
                return [Event("Loud Noise", _("Noise"), Nothing)]
            """,
            'events: "Loud Noise" must be lower-case words',
        ),
        (
            "plugin",
            """
            from tessera_hooks import Fact, _

            @hookimpl
            def facts():
                return [Fact("other.count", _("Count"), "number", "1")]
            """,
            'facts: "other.count" must begin with "broken."',
        ),
        (
            "tables",
            """
            class Elsewhere(Record, schema="elsewhere", tablename="elsewhere"):
                '''A table in a foreign schema.'''
            """,
            "table Elsewhere is in the schema elsewhere",
        ),
    ],
)
async def test_what_does_not_fit_is_said_in_a_sentence(broken, drawer, text, said):
    assert any(said in sentence for sentence in await broken(**{drawer: text}))


def test_every_bundled_plugin_says_in_its_own_words_what_it_is_for():
    root = Path(__file__).parents[2] / "plugins"
    assert [name for name in BUNDLED if not (root / name / "README.md").is_file()] == []
