"""Plugins made up for one test."""

from __future__ import annotations

import types

from tessera_hooks import hookimpl


def module(**functions: object) -> types.ModuleType:
    """A plugin's module that implements these hooks."""
    made = types.ModuleType("made")
    for name, function in functions.items():
        setattr(made, name, hookimpl(function))
    return made
