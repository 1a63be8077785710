"""A new plugin that runs at once: one record type with its table, migration, test and translation."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from string import Template

from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins.authoring import write_for
from tessera.kernel.plugins.discovery import local_plugin
from tessera_hooks import Manifest

TEMPLATES = Path(__file__).parent / "scaffold_files"

FOLDER = {
    "__init__.py": "init.txt",
    "plugin.py": "plugin.txt",
    "tables.py": "tables.txt",
    "records.py": "records.txt",
    "locale/zh_Hans/LC_MESSAGES/{name}.po": "translation.txt",
    "tests/test_{name}.py": "test.txt",
    "README.md": "readme.txt",
}
"""The files of a plugin in a folder, each with the template it is made from."""

ONE_FILE = {"{name}.py": "one_file.txt", "{name}_locale/zh_Hans/LC_MESSAGES/{name}.po": "translation.txt"}
"""The same for a plugin in one file."""


async def scaffold(name: str, folder: Path, *, one_file: bool = False) -> Path:
    """Write a plugin called ``name`` into ``folder`` and answer where it begins.

    A name that is taken, by a plugin or by any Python module, is refused; nothing is overwritten.
    """
    _refuse_name(name)
    target = folder / (f"{name}.py" if one_file else name)
    if target.exists():
        raise CannotRun(f"{target} is there already: choose another name")
    for path, template in (ONE_FILE if one_file else FOLDER).items():
        place = (folder if one_file else target) / path.format(name=name)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(_filled(template, name), encoding="utf-8")
        except OSError as problem:
            raise CannotRun(f"{place} cannot be written ({problem.strerror}): check its permissions") from None
    await write_for(local_plugin(target), "first")
    return target


def _refuse_name(name: str) -> None:
    try:
        Manifest(name=name, title=name)
    except ValueError as problem:
        raise CannotRun(str(problem)) from None
    if importlib.util.find_spec(name) is not None:
        raise CannotRun(f'"{name}" is the name of a Python module here: choose another, e.g. "my_{name}"')


def _filled(template: str, name: str) -> str:
    words = name.replace("_", " ")
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return Template(text).substitute(name=name, title=words.capitalize(), words=words)
