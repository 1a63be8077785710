"""What the documentation shows is what there is: code of the examples, commands, files that links lead to."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tessera import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/README.md")])
QUOTED = re.compile(r"<!-- (\S+\.\w+) -->\n```\w+\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_that_a_page_quotes_stands_in_its_file(page):
    for source, code in QUOTED.findall(page.read_text(encoding="utf-8")):
        assert code in (ROOT / source).read_text(encoding="utf-8"), f"{source} has changed: {code}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_of_a_page_lead_somewhere(page):
    gone = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert gone == []


def shell_lines(page: Path) -> list[str]:
    """The lines of a page's shell blocks that run ``tessera``, without what comes before it."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [found[1] for line in lines if (found := re.match(r"(?:.*/bin/)?tessera (.*)", line))]


def is_known(words: list[str]) -> bool:
    """Whether a command line begins with a command that exists."""
    command: click.Command = cli.tessera
    while words and words[0] == "--instance":
        words = words[2:]
    while isinstance(command, click.Group):
        if not words or words[0] not in command.commands:
            return False
        command, words = command.commands[words[0]], words[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    return all(word.split("=")[0] in options for word in words if word.startswith("--"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_that_a_page_shows_exist(page):
    cli.tessera.list_commands(click.Context(cli.tessera))
    unknown = [line for line in shell_lines(page) if not is_known(line.partition(" #")[0].split())]
    assert unknown == []


def test_the_proxy_on_the_page_is_the_one_that_is_tested():
    example = (ROOT / "docs" / "examples" / "nginx.conf").read_text(encoding="utf-8")
    shown = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1] in example
