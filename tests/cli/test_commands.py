"""The commands that are promised are there, each with its options and a help page."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from tessera import cli

PROMISED = {
    "init": "DIR --business --plugins --locale --currency --timezone",
    "demo": "--port",
    "run": "--host --port --workers",
    "worker": "",
    "migrate": "",
    "doctor": "",
    "backup": "FILE",
    "restore": "FILE",
    "key export": "FILE",
    "import members": "FILE --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import purchases": "FILE --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import records": "TYPE FILE --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import staff": "FILE --links --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import consents": "FILE --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import balances": "FILE --unit --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import entitlements": "FILE --kind --map --sheet --encoding --dry-run --rejects --earn --live --json",
    "import undo": "BATCH",
    "export members": "FILE --segment",
    "store add": "CODE --name --timezone --currency --circle",
    "staff add": "LOGIN --name --role --store",
    "apikey add": "NAME --permission --store --expires",
    "plugin list": "",
    "plugin enable": "NAME --store",
    "plugin disable": "NAME",
    "plugin remove": "NAME --export --write-off --yes",
    "plugin restore": "FILE",
    "plugin new": "NAME --one-file",
    "plugin migration": "NAME",
    "plugin check": "PATH",
    "points verify": "",
    "audit verify": "",
}
"""Commands with their arguments and options, as the documentation of the command line writes them."""

NOT_YET = {
    "config export": "settings do not travel between instances yet",
    "config apply": "settings do not travel between instances yet",
}
"""Promised commands that do not exist, each with the reason; one that exists must leave this list."""


@pytest.fixture(scope="module")
def root() -> click.Group:
    cli.tessera.list_commands(click.Context(cli.tessera))
    return cli.tessera


def find(root: click.Group, words: str) -> click.Command | None:
    """The command of some words, or nothing."""
    found: click.Command | None = root
    for word in words.split():
        found = found.commands.get(word) if isinstance(found, click.Group) else None
    return found


def given(command: click.Command) -> set[str]:
    """What a command takes: its arguments by the name on the help page, its options with their dashes."""
    arguments = {(p.metavar or p.name or "").upper() for p in command.params if isinstance(p, click.Argument)}
    return arguments | {option for p in command.params if isinstance(p, click.Option) for option in p.opts}


@pytest.mark.parametrize("words", PROMISED)
def test_a_promised_command_takes_what_it_promises(root, words):
    command = find(root, words)
    assert command is not None
    assert set(PROMISED[words].split()) <= given(command)


@pytest.mark.parametrize("words", PROMISED)
def test_a_command_explains_itself(root, words):
    shown = CliRunner().invoke(root, [*words.split(), "--help"], prog_name="tessera")
    command = find(root, words)
    assert shown.exit_code == 0
    assert command is not None
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option) and not p.hidden)


@pytest.mark.parametrize("words", NOT_YET)
def test_what_is_said_to_be_missing_is_missing(root, words):
    assert find(root, words) is None


def test_every_command_stands_in_one_of_the_lists(root):
    more = {"key import", "key rotate", "staff password"}

    def walk(group: click.Group, before: str) -> set[str]:
        found = set()
        for name, command in group.commands.items():
            words = f"{before} {name}".strip()
            found |= walk(command, words) if isinstance(command, click.Group) else {words}
        return found

    assert walk(root, "") - more == set(PROMISED)
