"""Rotation of the data keys while everyone works: which columns hold seals, and sealing them anew."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import audit, sealing
from tessera.kernel import long_jobs
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import CannotRun
from tessera.kernel.logs import logger

JOB = "keys.reseal"

BATCH = 500
"""Rows that are sealed anew in one statement."""

REST = 1.0
"""How long the job rests after a batch, in units of how long that took: the desk comes first."""

PASSES = 3
"""How often the tables are gone through: someone may still have written under the old key during the first."""

_log = logger(__name__)


@dataclass(frozen=True)
class SealedColumn:
    """A column of seals: ``table`` as SQL names it, ``key`` what tells its rows apart (UUIDs).

    ``where`` leaves out rows that are not sealed, ``batch`` is small where values are large, ``in_text``
    says that seals stand in it as text.
    """

    table: str
    column: str
    key: tuple[str, ...] = ("id",)
    where: str = "TRUE"
    batch: int = BATCH
    in_text: bool = False

    @property
    def old(self) -> str:
        """The condition for rows under another data key than the newest."""
        if self.in_text:
            return f"{self.column} IS NOT NULL AND NOT starts_with({self.column}, {_literal(_newest_text())})"
        newest = sealing.keys().newest.to_bytes(2, "big").hex()
        return (
            f"{self.column} IS NOT NULL AND ({self.where}) AND substring({self.column} FROM 1 FOR 2) <> '\\x{newest}'"
        )

    @property
    def version(self) -> str:
        """The version of a seal's data key, as SQL; 0 for what was not sealed yet."""
        if self.in_text:
            stored = self.column
            return f"CASE WHEN {stored} LIKE 'sealed:%' THEN split_part({stored}, ':', 2)::int ELSE 0 END"
        return f"(get_byte({self.column}, 0) << 8) + get_byte({self.column}, 1)"


def _newest_text() -> str:
    return f"{sealing.IN_TEXT}{sealing.keys().newest}:"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_columns: dict[tuple[str, str], SealedColumn] = {}
_more: list[Callable[[], Iterable[SealedColumn]]] = []


def register_sealed(*columns: SealedColumn) -> None:
    """Say that columns hold seals; each domain does so for its own, and a test fails for one that was forgotten."""
    _columns.update({(column.table, column.column): column for column in columns})


def register_more_sealed(find: Callable[[], Iterable[SealedColumn]]) -> None:
    """Let a room say which columns hold seals once all plugins are loaded."""
    if find not in _more:
        _more.append(find)


def sealed_columns() -> list[SealedColumn]:
    """Every column that holds seals."""
    return [*_columns.values(), *(column for find in _more for column in find())]


async def count_by_version() -> dict[int, int]:
    """How many values are sealed under each data key."""
    found: Counter[int] = Counter()
    for column in sealed_columns():
        rows = await fetch(
            f"SELECT {column.version} AS version, count(*) AS n FROM {column.table} "
            f"WHERE {column.column} IS NOT NULL AND ({column.where}) GROUP BY 1"
        )
        found.update({row["version"]: row["n"] for row in rows})
    return dict(found)


async def count_old() -> int:
    """How many values are not under the newest data key."""
    counted = [await fetchval(f"SELECT count(*) FROM {c.table} WHERE {c.old}") for c in sealed_columns()]
    return sum(counted)


@dataclass
class Resealed:
    """What a batch came to; ``last`` is the key of its last row, ``None`` after the last batch."""

    changed: int
    unreadable: int
    last: Sequence[UUID] | None


async def reseal_batch(column: SealedColumn, after: Sequence[UUID] | None = None) -> Resealed:
    """Seal the next old values of a column anew.

    Each is written only where it is still the one that was read: what someone changed meanwhile is newer
    and stays.
    """
    keys = ", ".join(column.key)
    beyond = f"({keys}) > ({', '.join(f'${n}' for n in range(1, len(column.key) + 1))})" if after else "TRUE"
    rows = await fetch(
        f"SELECT {keys}, {column.column} AS stored FROM {column.table} WHERE {beyond} AND {column.old} "
        f"ORDER BY {keys} LIMIT {column.batch}",
        *(after or ()),
    )
    if not rows:
        return Resealed(0, 0, None)
    fresh = [(row, anew) for row in rows if (anew := _anew(column, row["stored"])) is not None]
    changed = await _write(column, fresh) if fresh else 0
    return Resealed(changed, len(rows) - len(fresh), [rows[-1][name] for name in column.key])


def _anew(column: SealedColumn, stored: Any) -> Any:
    """The value under the newest key; ``None`` for a seal that does not open, which stays and is counted."""
    try:
        if column.in_text:
            return sealing.seal_in_text(sealing.unseal_in_text(stored))
        return sealing.seal(sealing.unseal(bytes(stored)))
    except (CannotRun, ValueError) as problem:
        _log.warning("seal_does_not_open", table=column.table, column=column.column, problem=str(problem))
        return None


async def _write(column: SealedColumn, fresh: Sequence[tuple[Any, Any]]) -> int:
    type_ = "text" if column.in_text else "bytea"
    n = len(column.key)
    types = ["uuid"] * n + [type_, type_]
    arrays = ", ".join(f"${place}::{name}[]" for place, name in enumerate(types, start=1))
    same = " AND ".join(f"t.{name} = w.{name}" for name in column.key)
    changed: int = await fetchval(
        f"WITH w AS (SELECT * FROM unnest({arrays}) AS w ({', '.join(column.key)}, old, fresh)), "
        f"done AS (UPDATE {column.table} t SET {column.column} = w.fresh FROM w "
        f"WHERE {same} AND t.{column.column} = w.old RETURNING 1) SELECT count(*) FROM done",
        *([row[name] for row, _anew in fresh] for name in column.key),
        [row["stored"] for row, _anew in fresh],
        [anew for _row, anew in fresh],
    )
    return changed


async def reseal(progress: UUID) -> None:
    """Seal everything anew that is under an older data key, in the background.

    What is done is seen in the rows themselves: begun again after a crash, it goes on where it was.
    """
    total, done, unreadable = await count_old(), 0, 0
    for _pass in range(PASSES):
        unreadable = 0
        for column in sealed_columns():
            batch = Resealed(0, 0, ())
            while batch.last is not None:
                began = time.monotonic()
                batch = await reseal_batch(column, batch.last or None)
                done, unreadable = done + batch.changed, unreadable + batch.unreadable
                await long_jobs.advance(progress, done, max(total, done))
                await asyncio.sleep((time.monotonic() - began) * REST)
        if await count_old() <= unreadable:
            break
    left = await count_by_version()
    newest = sealing.keys().newest
    old = sorted(version for version in sealing.keys().data_keys if version != newest and not left.get(version))
    await audit.note("keys.resealed", rows=done, version=newest)
    report = {
        "resealed": done,
        "version": newest,
        "unreadable": unreadable,
        "retireable": old,
        "left": await count_old(),
    }
    await long_jobs.finish(progress, report, failed=bool(unreadable))


long_jobs.register(JOB, reseal)


async def begin_resealing() -> UUID:
    """Put the work into the queue of whichever worker is free."""
    async with long_jobs.connected_queue() as queue:
        return await long_jobs.begin(queue, JOB, "Keys")
