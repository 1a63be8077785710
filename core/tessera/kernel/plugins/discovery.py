"""Finding plugins: installed ones by entry point, local ones in the instance's folder."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from tessera.kernel.errors import CannotRun
from tessera.kernel.logs import logger
from tessera_hooks import API, OLDEST_API, Manifest

GROUP = "tessera.plugins"

_log = logger(__name__)


@dataclass(frozen=True)
class Candidate:
    """A plugin that was found: its manifest, and where its code and folders are.

    ``one_file`` plugins keep hooks beside the manifest, and migrations in ``<name>_migrations``.
    """

    manifest: Manifest
    package: str
    folder: Path
    local: bool
    one_file: bool = False
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.manifest.name

    @property
    def migrations_folder(self) -> Path:
        """Where its migrations are, whether or not there are any."""
        if self.one_file:
            return self.folder / f"{self.package}_migrations"
        return self.folder / "piccolo_migrations"

    def folders(self, kind: str) -> list[Path]:
        """Its folder of templates, static files or translations, where there is one."""
        wanted = self.folder / (f"{self.package}_{kind}" if self.one_file else kind)
        return [wanted] if wanted.is_dir() else []

    def load(self) -> ModuleType:
        """Import the module with its hooks."""
        name = self.package if self.one_file else f"{self.package}.plugin"
        return _import(name, self.name)


def discover(local_folder: Path | None = None) -> list[Candidate]:
    """All plugins that are there, in the order in which they build on one another.

    Manifests are read without running the plugins. What is wrong is refused with one sentence.
    """
    by_name: dict[str, Candidate] = {}
    for _, find in sources(local_folder):
        candidate = find()
        refuse_second(candidate, by_name)
        by_name[candidate.name] = candidate
    return order(by_name.values())


def sources(local_folder: Path | None) -> Iterator[tuple[str, Callable[[], Candidate]]]:
    """Where plugins may be, each by the name that it goes by there and what finds it or refuses."""
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        yield entry.name, partial(_installed, entry)
    if local_folder is not None and local_folder.is_dir():
        for path in _local_paths(local_folder):
            yield path.stem, partial(local_plugin, path)


def refuse_second(candidate: Candidate, known: Mapping[str, Candidate]) -> None:
    """Refuse a second plugin of the same name."""
    first = known.get(candidate.name)
    if first is not None:
        raise CannotRun(
            f'two plugins are called "{candidate.name}" ({first.folder} and {candidate.folder}): take one of them away'
        )


def _import(name: str, plugin: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except CannotRun:
        raise
    except Exception as problem:  # a stranger's module may raise anything while it is imported
        said = str(problem).split("\n", 1)[0] or "no reason given"
        raise CannotRun(
            f'plugin "{plugin}" cannot be imported ({type(problem).__name__}: {said}): '
            f"correct or update it, or uninstall it"
        ) from problem


def _installed(entry: EntryPoint) -> Candidate:
    module = _import(entry.value.partition(":")[0], entry.name)
    return _candidate(module, entry.name, local=False)


def _candidate(module: ModuleType, named: str, *, local: bool, one_file: bool = False) -> Candidate:
    manifest = getattr(module, "MANIFEST", None)
    if not isinstance(manifest, Manifest):
        raise CannotRun(f'plugin "{named}" has no MANIFEST: write MANIFEST = Manifest(name=…, title=…) in it')
    folder = Path(str(module.__file__)).parent
    candidate = Candidate(manifest, module.__name__, folder, local, one_file)
    _check_api(candidate)
    return candidate


def _local_paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        is_plugin = path.suffix == ".py" or (path / "__init__.py").is_file()
        if is_plugin and not path.name.startswith(("_", ".")) and not path.stem.endswith("_migrations"):
            yield path


def local_plugin(path: Path) -> Candidate:
    """The plugin in one file or one folder."""
    folder = path.parent
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
    spec = importlib.util.find_spec(path.stem)
    if spec is None or spec.origin is None or not Path(spec.origin).is_relative_to(folder):
        raise CannotRun(
            f'local plugin {path} has the name of another Python module: rename it, e.g. "tessera_{path.stem}"'
        )
    return _candidate(_import(path.stem, path.stem), path.stem, local=True, one_file=path.suffix == ".py")


def _check_api(candidate: Candidate) -> None:
    wanted = candidate.manifest.api
    if wanted > API:
        raise CannotRun(
            f'plugin "{candidate.name}" is written for contract {wanted}, this Tessera speaks up to {API}: '
            "update Tessera"
        )
    if wanted < OLDEST_API:
        raise CannotRun(
            f'plugin "{candidate.name}" is written for contract {wanted}, the oldest supported is {OLDEST_API}: '
            "update the plugin"
        )
    if wanted == OLDEST_API and OLDEST_API < API:
        _log.warning("plugin_contract_ends", plugin=candidate.name, api=wanted)


def order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Plugins after those they require, by name where nothing else decides."""
    waiting = {c.name: c for c in sorted(candidates, key=lambda c: c.name)}
    ordered: list[Candidate] = []
    placed: set[str] = set()
    for candidate in waiting.values():
        missing = [r for r in candidate.manifest.requires if r not in waiting]
        if missing:
            raise CannotRun(
                f'plugin "{candidate.name}" requires "{missing[0]}", which is not installed: '
                f"install {missing[0]}, or uninstall {candidate.name}"
            )
    while len(ordered) < len(waiting):
        ready = [c for c in waiting.values() if c.name not in placed and placed >= set(c.manifest.requires)]
        if not ready:
            circle = sorted(set(waiting) - placed)
            raise CannotRun(f"the plugins {', '.join(circle)} require each other in a circle: take one requirement out")
        ordered.append(ready[0])
        placed.add(ready[0].name)
    return ordered
