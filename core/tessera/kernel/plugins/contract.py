"""Holding a plugin to the contract: what it owns carries its name, and it uses only what is promised."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tessera.kernel.migrations import find_migrations
from tessera.kernel.migrations.write import tables_in
from tessera.kernel.plugins.discovery import Candidate
from tessera.kernel.plugins.host import PluginHost

PROMISED = frozenset({"tessera.plugin", "tessera.testing"})
"""The modules of the core that a plugin may use; everything else may change without notice."""

PUBLIC_DRAWERS = frozenset({"service", "hooks"})
"""What a plugin may use of another that it requires."""

LONGEST_HOOK = 3
"""Statements that a function in ``plugin.py`` may have, its docstring aside."""

SHORT_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
"""Names are given without the plugin's, which the host puts in front."""

NAMED = ("permissions", "roles", "events", "rules", "message_templates", "reactions", "jobs", "screens")


async def violations(host: PluginHost, name: str) -> list[str]:
    """What in a loaded plugin does not fit, one sentence each with what to do; none when all fits."""
    candidate = host.plugins[name].candidate
    return [
        *_manifest(candidate),
        *_own_hooks(candidate),
        *_names(host, name),
        *_urls(host, name),
        *_tables(candidate),
        *await _migrations(candidate),
        *_folders(candidate),
        *_meeting_point(candidate),
        *_imports(candidate, {other.candidate.package: n for n, other in host.plugins.items()}),
    ]


def _manifest(candidate: Candidate) -> Iterator[str]:
    settings = candidate.manifest.settings
    if settings is not None:
        needed = [f.name for f in msgspec.structs.fields(settings) if f.required]
        if needed:
            yield f"setting {needed[0]} has no default: a plugin works before anything is set"


def _own_hooks(candidate: Candidate) -> list[str]:
    """What is wrong with the hook specifications that the plugin publishes itself."""
    published = candidate.manifest.hookspecs
    return hook_faults(published, importlib.import_module(published).KINDS) if published else []


def _names(host: PluginHost, name: str) -> Iterator[str]:
    for hook in NAMED:
        for declared in host.declared(hook):
            given = declared.value.name
            short = given.replace(".", "_") if hook == "permissions" else given
            if declared.plugin == name and not SHORT_NAME.match(short):
                yield f'{hook}: "{given}" must be lower-case words joined by underscores, without the plugin\'s name'
    for declared in host.declared("facts"):
        if declared.plugin == name and not declared.value.name.startswith(f"{name}."):
            yield f'facts: "{declared.value.name}" must begin with "{name}."'
    for declared in host.declared("roles"):
        for held in declared.value.permissions if declared.plugin == name else ():
            if "." not in held and held != "*":
                yield f'roles: "{held}" must be the full name of a permission, e.g. "{name}.{held}"'


def _urls(host: PluginHost, name: str) -> Iterator[str]:
    for declared in host.declared("screens"):
        if declared.plugin != name:
            continue
        for handler in declared.value.handlers:
            named = getattr(handler, "name", None)
            if named and not named.startswith(f"{name}."):
                yield f'screens: the handler name "{named}" must begin with "{name}."'


def _modules(candidate: Candidate) -> list[str]:
    if candidate.one_file:
        return [candidate.package]
    tables = candidate.folder / "tables"
    if tables.is_dir():
        return [f"{candidate.package}.tables.{p.stem}" for p in sorted(tables.glob("*.py")) if p.stem != "__init__"]
    return [f"{candidate.package}.tables"] if tables.with_suffix(".py").is_file() else []


def tables_of(candidate: Candidate) -> list[Any]:
    """The Piccolo tables that a plugin defines in its drawer ``tables``."""
    return [table for module in _modules(candidate) for table in tables_in(module)]


def _tables(candidate: Candidate) -> Iterator[str]:
    for table in tables_of(candidate):
        schema = table._meta.schema  # noqa: SLF001 - Piccolo's own name for what a table is
        if schema != candidate.name:
            yield f'table {table.__name__} is in the schema {schema or "public"}: write schema="{candidate.name}"'


async def _migrations(candidate: Candidate) -> list[str]:
    found = find_migrations(candidate.name, candidate.migrations_folder, candidate.package)
    if tables_of(candidate) and not found.migrations:
        return [f"there are tables and no migration: run `tessera plugin migration {candidate.name}`"]
    wrong = []
    for migration in found.migrations:
        manager = await migration.forwards()
        if manager.app_name != candidate.name:
            wrong.append(f'migration {migration.id} is of "{manager.app_name}": write app_name="{candidate.name}"')
        for table in manager.add_tables:
            if table.schema != candidate.name:
                wrong.append(f"migration {migration.id} makes the table {table.class_name} outside the plugin's schema")
    return wrong


def _folders(candidate: Candidate) -> Iterator[str]:
    for folder in candidate.folders("templates"):
        for path in folder.rglob("*"):
            if path.is_file() and path.relative_to(folder).parts[0] != candidate.name:
                yield f"template {path.relative_to(folder)} must be in templates/{candidate.name}/"


def _meeting_point(candidate: Candidate) -> Iterator[str]:
    path = candidate.folder / ("plugin.py" if not candidate.one_file else f"{candidate.package}.py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        hook = any(isinstance(d, ast.Name) and d.id == "hookimpl" for d in node.decorator_list)
        if not hook and not candidate.one_file:
            yield f"plugin.py: {node.name} is no hook: move it to another module"
        if hook and sum(not _is_docstring(s) for s in node.body) > LONGEST_HOOK:
            yield f"plugin.py: the hook {node.name} does too much: move what it does to another module"


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _sources(candidate: Candidate) -> list[Path]:
    if candidate.one_file:
        return [candidate.folder / f"{candidate.package}.py"]
    inside = candidate.folder.rglob("*.py")
    return sorted(p for p in inside if "piccolo_migrations" not in p.parts and not p.name.startswith("test_"))


def _imports(candidate: Candidate, packages: Mapping[str, str]) -> Iterator[str]:
    for path in _sources(candidate):
        for module, line in _imported(path):
            problem = _forbidden(module, candidate, packages)
            if problem:
                yield f"{path.relative_to(candidate.folder)}:{line}: imports {module}: {problem}"


def _imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield "." * node.level + (node.module or ""), node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield from ((_named(str(node.module), alias.name), node.lineno) for alias in node.names)


def _named(module: str, attribute: str) -> str:
    """The module that an import names: "from tessera import plugin" is as good as "import tessera.plugin"."""
    is_module = inspect.ismodule(getattr(sys.modules.get(module), attribute, None))
    return f"{module}.{attribute}" if is_module else module


def _forbidden(module: str, candidate: Candidate, packages: Mapping[str, str]) -> str | None:
    if module.startswith("."):
        return "write the whole name of the module"
    top, _, rest = module.partition(".")
    if top == "tessera" and not any(module == m or module.startswith(f"{m}.") for m in PROMISED):
        return "a plugin uses tessera.plugin and tessera_hooks, nothing else of the core"
    if top in packages and top != candidate.package:
        if packages[top] not in candidate.manifest.requires:
            return f'the manifest does not require "{packages[top]}"'
        if rest.partition(".")[0] not in PUBLIC_DRAWERS:
            return f"only {' and '.join(sorted(PUBLIC_DRAWERS))} of another plugin are public"
    return None


def hook_faults(module_name: str, kinds: Mapping[str, str]) -> list[str]:
    """What is wrong with hook specifications: each says when it is called, shows an example, and has a kind."""
    module = importlib.import_module(module_name)
    hooks = {n: f for n, f in vars(module).items() if inspect.isroutine(f) and hasattr(f, "tessera_spec")}
    faults = [f"{name}: KINDS names a hook that does not exist" for name in kinds if name not in hooks]
    for name, function in hooks.items():
        text = inspect.getdoc(function) or ""
        if name not in kinds:
            faults.append(f"{name}: its kind is not stated in KINDS")
        elif (kinds[name] == "participating") != inspect.iscoroutinefunction(function):
            faults.append(f"{name}: a participating hook is async, and no other is")
        if not re.search(r"^Called\b", text, re.MULTILINE):
            faults.append(f'{name}: its docstring does not say when it is called ("Called …")')
        faults += [f"{name}: {fault}" for fault in _example_faults(text)]
    return faults


def _example_faults(text: str) -> Iterator[str]:
    _, found, example = text.partition("Example::\n")
    if not found:
        yield "its docstring has no example"
        return
    try:
        ast.parse(inspect.cleandoc(example))
    except SyntaxError as problem:
        yield f"its example is no Python ({problem.msg})"
