"""Migrations as they lie in folders: loaded under their package's name, in order of their ids."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.errors import CannotRun

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
    """Load the migrations in ``folder`` as modules of ``package``.

    Loading under the package keeps files of equal names in two plugins apart.
    """
    found: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.py")) if folder.is_dir() else []:
        if path.name.startswith("_"):
            continue
        module = _load(path, f"{package}.piccolo_migrations.{path.stem}", plugin)
        id_, forwards = getattr(module, "ID", None), getattr(module, "forwards", None)
        if not isinstance(id_, str) or forwards is None:
            raise CannotRun(f'plugin "{plugin}": {path.name} is no migration: it needs ID and forwards()')
        if id_ in found:
            raise CannotRun(f'plugin "{plugin}": two migrations have the id {id_}: give {path.name} another')
        found[id_] = Migration(plugin, id_, forwards)
    return Found(plugin, folder, tuple(found[key] for key in sorted(found)))


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
