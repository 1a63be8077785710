"""Every hook says when it is called, shows an example that is Python, states its kind, and is called by some test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tessera.kernel.plugins.contract import hook_faults
from tessera.kernel.plugins.reference import render
from tessera_hooks import specs

ROOT = Path(__file__).parents[2]


def test_every_hook_is_documented_and_of_a_stated_kind():
    assert hook_faults("tessera_hooks.specs", specs.KINDS) == []


def test_the_reference_is_up_to_date():
    written = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
    assert written == render(), "run `python -m tessera.kernel.plugins.reference > docs/hooks.md`"


@pytest.fixture(scope="module")
def tested() -> str:
    """All tests but those of this folder, and the plugin of the test tree."""
    files = [p for p in (ROOT / "tests").rglob("*.py") if p.parent != Path(__file__).parent]
    return "\n".join(p.read_text(encoding="utf-8") for p in files)


@pytest.mark.parametrize("hook", sorted(specs.KINDS))
def test_the_dummy_plugin_implements_every_hook(hook):
    text = (ROOT / "tests" / "dummy" / "tessera_dummy" / "plugin.py").read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {hook}\(", text, re.MULTILINE)


@pytest.mark.parametrize("hook", sorted(specs.KINDS))
def test_some_test_asks_for_every_hook(tested, hook):
    assert f'"{hook}"' in tested, f'no test asks a host for "{hook}"'
