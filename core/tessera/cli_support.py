"""What every command shares: finding the instance, opening it, and ending with one sentence instead of a traceback."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import rich_click as click
from rich.console import Console

from tessera.kernel.errors import CannotRun, DomainError, Invalid

if TYPE_CHECKING:
    from tessera.kernel.migrations import Migration
    from tessera.start import Opened

T = TypeVar("T")

out = Console()
err = Console(stderr=True)


def fail(sentence: str, code: int = 2) -> NoReturn:
    """End the command with one sentence on standard error."""
    err.print(f"[bold red]tessera:[/] {_escape(sentence)}", highlight=False, soft_wrap=True)
    sys.exit(code)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def say(sentence: str) -> None:
    """Tell the person something on standard error, where it does not disturb what is piped."""
    err.print(_escape(sentence), highlight=False, soft_wrap=True)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Within the block, what cannot be done ends the command with one sentence and exit code 2."""
    try:
        yield
    except CannotRun as problem:
        fail(str(problem))
    except Invalid as problem:
        details = "; ".join(str(e.message) for e in problem.errors if str(e.message) != str(problem.message))
        fail(f"{problem.message}{': ' + details if details else ''}")
    except DomainError as problem:
        fail(str(problem.message))
    except KeyboardInterrupt:
        fail("stopped", 130)
    except _outages() as problem:
        said = str(problem).strip().split("\n", 1)[0] or type(problem).__name__
        advice = "free some space" if "No space left" in said else "look at `tessera doctor`"
        fail(f"the database stopped answering ({said}): {advice} and run the command again")
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        fail(f"{where}{problem.strerror or problem}: check the path, its permissions and the free space")


def _outages() -> tuple[type[Exception], ...]:
    """What the drivers raise when the database goes away or has no room; loaded only when something was raised."""
    import asyncpg
    import psycopg

    return (
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.InsufficientResourcesError,
        asyncpg.OperatorInterventionError,
        asyncpg.PostgresIOError,
        psycopg.OperationalError,
    )


def instance_folder() -> Path | None:
    """What ``--instance`` named, if it did."""
    context = click.get_current_context(silent=True)
    root = context.find_root() if context else None
    folder = (root.params.get("instance") if root else None) or os.environ.get("TESSERA_INSTANCE")
    return Path(folder) if folder else None


def ask_to_migrate(waiting: list[Migration]) -> bool:
    """Ask the person before the schema changes; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    say(f"The database needs {len(waiting)} schema changes. `tessera backup FILE` makes a backup first.")
    return click.confirm("Make the changes now?", default=False, err=True)


def run_in_instance(
    work: Callable[[Opened], Awaitable[T]], *, need_plugins: bool = True, folder: Path | None = None
) -> T:
    """Open the instance, run ``work`` in it as Tessera itself, and close it again."""
    from tessera.access.actor import system_actor
    from tessera.kernel.instance import open_instance
    from tessera.kernel.logs import set_up_logging
    from tessera.start import load, open_loaded

    set_up_logging(level=30)

    async def main() -> T:
        opened = await open_loaded(loaded, say, may_migrate=ask_to_migrate, need_plugins=need_plugins)
        try:
            with system_actor():
                return await work(opened)
        finally:
            await opened.close()

    with one_sentence():
        loaded = load(open_instance(folder or instance_folder()))
        return asyncio.run(main())
