"""Migrations as they lie in folders: loaded under their package's name, in order of their ids."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tessera.kernel.errors import CannotRun

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

_ID = re.compile(r"""^ID *= *["']([^"'\n]+)["']""", re.MULTILINE)
_FORWARDS = re.compile(r"^async def forwards\(\)", re.MULTILINE)

CORE = "core"
CORE_FOLDER = Path(__file__).parents[2] / "piccolo_migrations"


@dataclass(frozen=True)
class Migration:
    """One step of a plugin's schema; ``forwards`` answers Piccolo's manager with the changes."""

    plugin: str
    id: str
    forwards: Callable[[], Awaitable[MigrationManager]]


@dataclass(frozen=True)
class Found:
    """All migrations of one plugin (or the core), oldest first."""

    plugin: str
    folder: Path
    migrations: tuple[Migration, ...]


def find_migrations(plugin: str, folder: Path, package: str) -> Found:
    """Find the migrations in ``folder``, to be loaded as modules of ``package`` when they are run.

    Loading under the package keeps files of equal names in two plugins apart; loading late keeps a
    start with nothing to do from running through every change there ever was.
    """
    found: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.py")) if folder.is_dir() else []:
        if path.name.startswith("_"):
            continue
        text = path.read_text(encoding="utf-8")
        id_ = _ID.search(text)
        if id_ is None or not _FORWARDS.search(text):
            raise CannotRun(f'plugin "{plugin}": {path.name} is no migration: it needs ID and async def forwards()')
        if id_[1] in found:
            raise CannotRun(f'plugin "{plugin}": two migrations have the id {id_[1]}: give {path.name} another')
        name = f"{package}.piccolo_migrations.{path.stem}"
        found[id_[1]] = Migration(plugin, id_[1], partial(_forwards, path, name, plugin))
    return Found(plugin, folder, tuple(found[key] for key in sorted(found)))


async def _forwards(path: Path, name: str, plugin: str) -> MigrationManager:
    manager: MigrationManager = await _load(path, name, plugin).forwards()
    return manager


def _load(path: Path, name: str, plugin: str) -> ModuleType:
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path):
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CannotRun(f'plugin "{plugin}": {path} cannot be loaded')
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError, AttributeError, NameError, TypeError) as problem:
        del sys.modules[name]
        raise CannotRun(f'plugin "{plugin}": migration {path.name} cannot be loaded ({problem})') from problem
    return module


def core_migrations() -> Found:
    """The core's own migrations."""
    return find_migrations(CORE, CORE_FOLDER, "tessera")
