"""What went wrong inside a plugin: one log line, and a note that becomes a task for people."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from tessera.kernel.logs import logger

_log = logger(__name__)
_KEPT = 200
_waiting: dict[tuple[str, str], Failure] = {}


@dataclass
class Failure:
    """A plugin raised in a place; ``times`` since it was last taken notice of."""

    plugin: str
    where: str
    problem: str
    times: int = 1


def note(plugin: str, where: str, problem: BaseException) -> None:
    """Log a plugin's failure and keep it until ``take``."""
    frame = traceback.extract_tb(problem.__traceback__)
    _log.error(
        "plugin_failed",
        plugin=plugin,
        where=where,
        problem=f"{type(problem).__name__}: {problem}",
        at=f"{frame[-1].filename}:{frame[-1].lineno}" if frame else None,
    )
    known = _waiting.get((plugin, where))
    if known is not None:
        known.times += 1
    elif len(_waiting) < _KEPT:
        _waiting[(plugin, where)] = Failure(plugin, where, f"{type(problem).__name__}: {problem}")


def take() -> list[Failure]:
    """The failures since the last call."""
    taken = list(_waiting.values())
    _waiting.clear()
    return taken
