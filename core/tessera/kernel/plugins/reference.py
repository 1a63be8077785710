"""The reference of hooks, rendered from their docstrings by ``python -m tessera.kernel.plugins.reference``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from textwrap import dedent
from types import ModuleType
from typing import Any

from tessera_hooks import specs

HEADER = """\
# Hooks

Rendered from the docstrings of the hooks, which `tessera_hooks.specs` lists; change them there, then run
`python -m tessera.kernel.plugins.reference > docs/hooks.md`.

A plugin implements a hook as a function of the same name in its `plugin.py`, marked with `@hookimpl`. It may
leave out arguments that it does not need.
"""

SECTIONS = {
    "declaring": "Called once when Tessera starts. Sync and pure: they answer values and look nothing up.",
    "answering": "Called while something happens. Sync and pure: all that they may consider is handed to them.",
    "participating": "Awaited one plugin after another inside the caller's transaction. They may read and write "
    "their own tables and may refuse with a domain error that rolls everything back; they never touch the network.",
}


def render(module: ModuleType = specs) -> str:
    """The reference of one module of hook specifications, in Markdown."""
    return "\n".join([HEADER, *_sections(module)])


def _sections(module: ModuleType) -> Iterator[str]:
    for kind, about in SECTIONS.items():
        names = [name for name, its in module.KINDS.items() if its == kind]
        if names:
            yield f"## {kind.capitalize()}\n\n{about}\n"
            yield from (_hook(name, getattr(module, name)) for name in names)


def _hook(name: str, function: Callable[..., Any]) -> str:
    words, _, example = (inspect.getdoc(function) or "").partition("Example::\n")
    prefix = "async " if inspect.iscoroutinefunction(function) else ""
    signature = f"{prefix}{name}{inspect.signature(function)}".replace("'", "")
    code = dedent(example).strip()
    return f"### `{name}`\n\n```python\n{signature}\n```\n\n{words.strip()}\n\n```python\n{code}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(render())
