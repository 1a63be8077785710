"""The host itself: loads plugins, checks what they declare, and asks them, each for itself."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
import pluggy

from tessera.kernel.errors import CannotRun, DomainError
from tessera.kernel.plugins import failures
from tessera.kernel.plugins.discovery import Candidate
from tessera.kernel.plugins.placement import Where
from tessera.kernel.texts import add_catalogue
from tessera_hooks import Event, Manifest, specs

CORE = "core"

T = TypeVar("T")


@dataclass(frozen=True)
class Declared(Generic[T]):
    """A declaration and the plugin it comes from."""

    plugin: str
    value: T


@dataclass(frozen=True)
class EventKind:
    """A kind of event as it is emitted: ``kind`` carries the plugin's name."""

    kind: str
    plugin: str
    event: Event


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin."""

    manifest: Manifest
    module: ModuleType
    candidate: Candidate

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.name


Derivation = Callable[[Declared[Any]], Iterable[Any]]
"""What a domain makes of a declaration: a record type brings its event, permissions and facts."""


@dataclass
class PluginHost:
    """All that plugins and the core's own domains declare and answer.

    ``where`` says where each plugin is enabled: everywhere (``None``) or in a set of stores; it is
    kept up to date by the generation.
    """

    plugins: dict[str, Plugin] = field(default_factory=dict)
    where: dict[str, Where] = field(default_factory=dict)
    event_kinds: dict[str, EventKind] = field(default_factory=dict)
    _manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(specs.PROJECT))
    _kinds: dict[str, str] = field(default_factory=lambda: dict(specs.KINDS))
    _owner: dict[str, str] = field(default_factory=dict)
    _declared: dict[str, list[Declared[Any]]] = field(default_factory=dict)

    # --- loading ---------------------------------------------------------------------------------

    def add_specs(self, module: ModuleType) -> None:
        """Publish the hook specifications of the contract or of an ability."""
        self._manager.add_hookspecs(module)
        self._kinds.update(getattr(module, "KINDS", {}))

    def add(self, module: ModuleType, name: str, owner: str) -> None:
        """Register one module of hooks; a misspelt hook or argument is refused."""
        marker = f"{specs.PROJECT}_impl"
        known = {h for h in vars(self._manager.hook) if not h.startswith("_")}
        for attribute, function in vars(module).items():
            if inspect.isroutine(function) and hasattr(function, marker) and attribute not in known:
                near = difflib.get_close_matches(attribute, known, n=1, cutoff=0.4)
                hint = f', did you mean "{near[0]}"?' if near else f": the hooks are {', '.join(sorted(known))}"
                raise CannotRun(f'plugin "{owner}" implements a hook "{attribute}" that does not exist{hint}')
        try:
            self._manager.register(module, name)
        except pluggy.PluginValidationError as problem:
            said = " ".join(str(problem).split())
            raise CannotRun(f'plugin "{owner}" does not fit the contract ({said}): correct its signature') from None
        self._owner[name] = owner

    def load(self, candidate: Candidate) -> None:
        """Load a plugin that was found, with its translations and its own hook specifications."""
        module = candidate.load()
        self.add(module, candidate.name, candidate.name)
        self.plugins[candidate.name] = Plugin(candidate.manifest, module, candidate)
        for folder in candidate.folders("locale"):
            add_catalogue(folder)

    def collect(self, derivations: Mapping[str, Mapping[str, Derivation]]) -> None:
        """Ask every declaring hook once, derive what follows, and check the names."""
        for hook in (h for h, kind in self._kinds.items() if kind == "declaring"):
            self._declared[hook] = list(self._ask_declaring(hook))
        for source, by_target in derivations.items():
            for target, derive in by_target.items():
                for declared in self._declared[source]:
                    self._declared[target] += [Declared(declared.plugin, v) for v in derive(declared)]
        for declared in self._declared["events"]:
            self._add_event(declared)

    def _ask_declaring(self, hook: str) -> Iterator[Declared[Any]]:
        for owner, function, _ in self._implementations(hook):
            try:
                answer = function()
            except Exception as problem:  # a stranger's code may raise anything; the start names it and stops
                raise CannotRun(
                    f'plugin "{owner}" fails in {hook}() ({type(problem).__name__}: {problem}): correct or update it'
                ) from problem
            for value in answer if isinstance(answer, list | tuple) else [answer]:
                if value is not None:
                    yield Declared(owner, value)

    def _add_event(self, declared: Declared[Event]) -> None:
        event = declared.value
        kind = event.name if declared.plugin == CORE else f"{declared.plugin}.{event.name}"
        if kind in self.event_kinds:
            raise CannotRun(f'plugin "{declared.plugin}" declares the event "{kind}" twice: give one another name')
        self.event_kinds[kind] = EventKind(kind, declared.plugin, event)

    def _implementations(self, hook: str) -> Iterator[tuple[str, Callable[..., Any], tuple[str, ...]]]:
        for implementation in self._in_order(hook):
            yield self._owner[implementation.plugin_name], implementation.function, implementation.argnames

    def _in_order(self, hook: str) -> list[pluggy.HookImpl]:
        caller = getattr(self._manager.hook, hook)
        order = {name: i for i, name in enumerate(self._owner)}
        return sorted(caller.get_hookimpls(), key=lambda i: order[i.plugin_name])

    # --- who is there ----------------------------------------------------------------------------

    def enabled(self, plugin: str, store: UUID | None = None) -> bool:
        """Whether a plugin is enabled in a store; without a store, whether it is anywhere."""
        if plugin == CORE:
            return True
        if plugin not in self.plugins or plugin not in self.where:
            return False
        stores = self.where[plugin]
        return stores is None or (store in stores if store is not None else bool(stores))

    def declared(self, hook: str) -> Sequence[Declared[Any]]:
        """All declarations of a kind, of enabled and disabled plugins alike, in plugin order."""
        return self._declared.get(hook, [])

    def declared_in(self, hook: str, store: UUID | None = None) -> list[Declared[Any]]:
        """The declarations of those plugins that are enabled in a store (or anywhere)."""
        return [d for d in self.declared(hook) if self.enabled(d.plugin, store)]

    def with_required(self, name: str) -> list[str]:
        """A plugin after all those it requires, directly or not."""
        needed: list[str] = []
        for required in self.plugins[name].manifest.requires:
            needed += [n for n in self.with_required(required) if n not in needed]
        return [*needed, name]

    def requiring(self, name: str) -> list[str]:
        """Those that require a plugin, directly or not, and itself last."""
        above = [p for p in self.plugins if p != name and name in self.with_required(p)]
        return [*reversed(above), name]

    # --- asking ----------------------------------------------------------------------------------

    def answers(self, hook: str, store: UUID | None = None, **facts: Any) -> list[tuple[str, Any]]:
        """What each enabled plugin answers; ``None`` is no answer.

        A plugin that raises has no opinion: it is named in the log and in a task, and nothing stops.
        """
        given: list[tuple[str, Any]] = []
        for owner, function, names in self._implementations(hook):
            if not self.enabled(owner, store):
                continue
            try:
                answer = function(**{n: facts[n] for n in names})
            except Exception as problem:  # noqa: BLE001 - isolation: the plugin is named, the sale goes on
                failures.note(owner, hook, problem)
                continue
            if answer is not None:
                given.append((owner, answer))
        return given

    async def participate(self, hook: str, store: UUID | None = None, **facts: Any) -> list[tuple[str, Any]]:
        """Await each enabled plugin in turn, inside the caller's transaction.

        What one raises goes up and takes everything back; unless it is a refusal, the plugin is named.
        """
        given: list[tuple[str, Any]] = []
        for owner, function, names in self._implementations(hook):
            if not self.enabled(owner, store):
                continue
            answer = await self._await(owner, hook, function, names, facts)
            if answer is not None:
                given.append((owner, answer))
        return given

    async def participate_all(
        self, hook: str, facts_for: Callable[[str], Mapping[str, Any]], *, without: Collection[str] = ()
    ) -> list[tuple[str, Any]]:
        """Await each plugin in turn as ``participate`` does, also those that rest: what they keep is there.

        ``facts_for`` says what each is handed. It is asked with the name under which the plugin stands in
        the answer too: its own, and for a room of the core ``core.points``, so that rooms are told apart.
        ``without`` are plugins whose tables are gone.
        """
        given: list[tuple[str, Any]] = []
        for implementation in self._in_order(hook):
            owner = self._owner[implementation.plugin_name]
            if owner in without:
                continue
            name = _room(implementation.plugin_name) if owner == CORE else owner
            facts = facts_for(name)
            answer = await self._await(owner, hook, implementation.function, implementation.argnames, facts)
            if answer is not None:
                given.append((name, answer))
        return given

    async def _await(
        self, owner: str, hook: str, function: Callable[..., Any], names: Sequence[str], facts: Mapping[str, Any]
    ) -> Any:
        try:
            return await function(**{n: facts[n] for n in names})
        except (DomainError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            raise
        except Exception as problem:
            failures.note(owner, hook, problem)
            raise

    async def ask(self, hook: str, store: UUID | None = None, **facts: Any) -> list[tuple[str, Any]]:
        """Await each enabled plugin for a page: one that raises is named and left out."""
        given: list[tuple[str, Any]] = []
        for owner, function, names in self._implementations(hook):
            if not self.enabled(owner, store):
                continue
            try:
                answer = await function(**{n: facts[n] for n in names})
            except DomainError:
                raise
            except Exception as problem:  # noqa: BLE001 - isolation: the plugin is named, the page goes on
                failures.note(owner, hook, problem)
                continue
            if answer is not None:
                given.append((owner, answer))
        return given


def _room(module: str) -> str:
    """The short name of a room of the core: ``core.points`` for ``tessera.points.plugin``."""
    return f"{CORE}.{module.removeprefix('tessera.').removesuffix('.plugin')}"


_host: PluginHost | None = None


def host() -> PluginHost:
    """The host of this process."""
    if _host is None:
        raise CannotRun("plugins are not loaded yet")
    return _host


def use_host(loaded: PluginHost | None) -> None:
    """Make a host the one of this process."""
    global _host
    _host = loaded


def load_host(
    candidates: Sequence[Candidate],
    domains: Sequence[str],
    derivations: Mapping[str, Mapping[str, Derivation]],
) -> PluginHost:
    """Load the core's domains and the plugins that were found, and make this the process's host."""
    loaded = PluginHost()
    loaded.add_specs(specs)
    for domain in domains:
        loaded.add(importlib.import_module(domain), domain, CORE)
    for candidate in candidates:
        published = candidate.manifest.hookspecs
        if published:
            loaded.add_specs(importlib.import_module(published))
    for candidate in candidates:
        loaded.load(candidate)
    loaded.collect(derivations)
    use_host(loaded)
    return loaded
