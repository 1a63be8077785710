"""Rotation of the data keys while everyone works: which columns hold seals, and sealing them anew."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.service import seals_in_json as in_json
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
    """A column of seals: ``table`` as SQL names it, ``key`` what tells its rows apart, ``key_types`` their types.

    ``where`` leaves out rows that are not sealed, ``batch`` is small where values are large. Seals stand in it
    as ``bytes``, as ``text``, or as strings somewhere within ``json``.
    """

    table: str
    column: str
    key: tuple[str, ...] = ("id",)
    key_types: tuple[str, ...] = ("uuid", "uuid")
    where: str = "TRUE"
    batch: int = BATCH
    shape: Literal["bytes", "text", "json"] = "bytes"

    @property
    def type(self) -> str:
        """The column's type in SQL."""
        return {"bytes": "bytea", "text": "text", "json": "jsonb"}[self.shape]

    @property
    def sealed(self) -> str:
        """The condition for rows that hold a seal, or what is to be sealed."""
        held = f"{self.column} IS NOT NULL AND ({self.where})"
        return held if self.shape != "json" else f"{held} AND {in_json.holds(self.column, sealing.keys().data_keys)}"

    @property
    def old(self) -> str:
        """The condition for rows under another data key than the newest."""
        newest = sealing.keys().newest
        if self.shape == "json":
            older = [version for version in sealing.keys().data_keys if version != newest]
            return f"{self.sealed} AND {in_json.holds(self.column, older)}"
        if self.shape == "text":
            return f"{self.sealed} AND NOT starts_with({self.column}, '{sealing.IN_TEXT}{newest}:')"
        under = f"substring({self.column} FROM 1 FOR 2)"
        return f"{self.sealed} AND {under} <> '\\x{newest.to_bytes(2, 'big').hex()}'"

    @property
    def version(self) -> str:
        """The version of a seal's data key, as SQL; 0 for what was not sealed yet."""
        if self.shape == "json":
            return in_json.oldest(self.column, sealing.keys().data_keys)
        if self.shape == "text":
            stored = self.column
            return f"CASE WHEN {stored} LIKE 'sealed:%' THEN split_part({stored}, ':', 2)::int ELSE 0 END"
        return f"(get_byte({self.column}, 0) << 8) + get_byte({self.column}, 1)"


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


async def columns_here() -> list[SealedColumn]:
    """The columns whose tables are there: those of a plugin that was removed are not, though its code may be."""
    there = await fetch(
        "SELECT t.name FROM unnest($1::text[]) AS t (name) WHERE to_regclass(t.name) IS NOT NULL",
        list({column.table for column in sealed_columns()}),
    )
    names = {row["name"] for row in there}
    return [column for column in sealed_columns() if column.table in names]


async def count_by_version() -> dict[int, int]:
    """How many values are sealed under each data key."""
    found: Counter[int] = Counter()
    for column in await columns_here():
        rows = await fetch(
            f"SELECT {column.version} AS version, count(*) AS n FROM {column.table} WHERE {column.sealed} GROUP BY 1"
        )
        found.update({row["version"]: row["n"] for row in rows})
    return dict(found)


async def count_old() -> int:
    """How many values are not under the newest data key."""
    counted = [await fetchval(f"SELECT count(*) FROM {c.table} WHERE {c.old}") for c in await columns_here()]
    return sum(counted)


@dataclass
class Resealed:
    """What a batch came to; ``last`` is the key of its last row, ``None`` after the last batch."""

    changed: int
    unreadable: int
    last: Sequence[Any] | None


async def reseal_batch(column: SealedColumn, after: Sequence[Any] | None = None) -> Resealed:
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
        if column.shape == "json":
            return in_json.anew(stored)
        if column.shape == "text":
            return sealing.seal_in_text(sealing.unseal_in_text(stored))
        return sealing.seal(sealing.unseal(bytes(stored)))
    except (CannotRun, ValueError) as problem:
        _log.warning("seal_does_not_open", table=column.table, column=column.column, problem=str(problem))
        return None


async def _write(column: SealedColumn, fresh: Sequence[tuple[Any, Any]]) -> int:
    types = [*column.key_types[: len(column.key)], column.type, column.type]
    arrays = ", ".join(f"${place}::{name}[]" for place, name in enumerate(types, start=1))
    same = " AND ".join(f"t.{name} = w.{name}" for name in column.key)
    changed: int = await fetchval(
        f"WITH w AS (SELECT * FROM unnest({arrays}) AS w ({', '.join(column.key)}, old, fresh)), "
        f"done AS (UPDATE {column.table} t SET {column.column} = w.fresh FROM w "
        f"WHERE {same} AND t.{column.column} = w.old RETURNING 1) SELECT count(*) FROM done",
        *([row[name] for row, _value in fresh] for name in column.key),
        [row["stored"] for row, _value in fresh],
        [value for _row, value in fresh],
    )
    return changed


async def reseal(progress: UUID) -> None:
    """Seal everything anew that is under an older data key, in the background.

    What is done is seen in the rows themselves: begun again after a crash, it goes on where it was.
    """
    total, done, unreadable = await count_old(), 0, 0
    for _pass in range(PASSES):
        unreadable = 0
        for column in await columns_here():
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
