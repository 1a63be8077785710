"""The commands of every domain, assembled for the command line."""

from __future__ import annotations

import importlib

import rich_click as click

MODULES = (
    "tessera.access.commands",
    "tessera.members.commands",
    "tessera.purchases.commands",
    "tessera.records.commands",
    "tessera.points.commands",
    "tessera.commands.plugins",
    "tessera.commands.backup",
    "tessera.commands.rotation",
    "tessera.commands.doctor",
)
"""Modules with a list ``commands``; each imports what is heavy within its functions."""


def all_commands() -> list[click.Command]:
    """Every command that is not in ``tessera.cli`` itself."""
    found: list[click.Command] = []
    for name in MODULES:
        found += importlib.import_module(name).commands
    return found
