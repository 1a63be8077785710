"""Every act that the core notes in the audit reads in words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tessera
from tessera.access.audit.actions import ACTIONS, GROUPS

CORE = Path(tessera.__file__).parent

NOTING = frozenset({"note", "changed", "_note", "_audited", "_noted"})
"""What functions that note an act are called; the act is the first thing they are given."""


def noted() -> Iterator[str]:
    for path in CORE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and _name(call.func) in NOTING and call.args:
                yield from _codes(call.args[0])


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _codes(given: ast.expr) -> Iterator[str]:
    for part in ast.walk(given):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.count(".") == 1:
            yield part.value


def test_every_act_that_is_noted_has_a_label():
    codes = {code for code in noted() if not code.endswith((".", "_"))}
    assert len(codes) > 40
    assert {code for code in codes if code not in ACTIONS} == set()


def test_every_act_belongs_to_a_group():
    assert {code for code in ACTIONS if code.partition(".")[0] not in GROUPS} == set()
