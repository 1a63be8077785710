"""What belongs to a member in this room, moved to another and given back: ids are kept, values are not.

A row that the survivor has too stays with the other, out of sight, and is there when the merge is undone.
Where rows are counted by others than members (tags, stores, who is responsible, links), a second row would
be counted, so it is taken away and kept as it was: those hold ids and codes only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel.database import execute, fetch
from tessera.members.service.merging.consenting import give_back_consents, take_consents
from tessera.members.service.merging.identifying import give_back_identities, take_identities
from tessera.members.service.merging.linking import give_back_links, take_links


@dataclass(frozen=True)
class Pair:
    """The two members of a merge."""

    merge: UUID
    survivor: UUID
    other: UUID


@dataclass(frozen=True)
class Table:
    """A table of rows with ids that belong to members; ``once`` are the columns that are unique beside the member."""

    name: str
    once: tuple[str, ...] = ()


TABLES = (
    Table("contact", ("kind", "lookup")),
    Table("member_note", ("lookup",)),
    Table("attachment"),
    Table("stage_change"),
)


@dataclass(frozen=True)
class Keyed:
    """A table whose key is the member and one column; ``lasting`` is the table in which that column must still be."""

    name: str
    key: str
    lasting: str


KEYED = (
    Keyed("member_tag", "tag", "tag"),
    Keyed("member_store", "store", "store"),
    Keyed("member_staff", "role", ""),
)


async def take(pair: Pair, choices: Mapping[str, str]) -> dict[str, Any]:
    """Give the survivor what the other has; answers what is needed to give it back."""
    kept: dict[str, Any] = {
        "accounts": await _take_accounts(pair),
        "identities": await take_identities(pair.survivor, pair.other, choices),
        "consents": await take_consents(pair.survivor, pair.other),
        "links": await take_links(pair.survivor, pair.other),
    }
    for table in TABLES:
        kept[table.name] = await move(table, pair.other, pair.survivor)
    for keyed in KEYED:
        kept[keyed.name] = await _take_keyed(keyed, pair)
    return kept


async def give_back(pair: Pair, kept: Mapping[str, Any]) -> dict[str, int]:
    """Give the other back what the survivor still has of it; answers by table how much is gone."""
    gone = {
        "identity": await give_back_identities(pair.survivor, pair.other, kept["identities"]),
        "member_link": await give_back_links(pair.survivor, pair.other, kept["links"]),
    }
    await give_back_consents(pair.survivor, pair.other, kept["consents"])
    await _give_back_accounts(pair, kept["accounts"])
    for table in TABLES:
        gone[table.name] = len(kept[table.name]) - len(
            await move(table, pair.survivor, pair.other, ids(kept[table.name]))
        )
    for keyed in KEYED:
        gone[keyed.name] = await _give_back_keyed(keyed, pair, kept[keyed.name])
    return {table: count for table, count in gone.items() if count}


_SINCE = {"identity": "created_at", "member_note": "at", "attachment": "at", "member_tag": "at"}
"""Tables of which people want to know what came after a merge, and the column that says when."""


async def count_since(pair: Pair, at: datetime) -> list[tuple[str, int]]:
    """How many rows of the survivor came after a moment, by table, where there are any."""
    found = []
    for table, column in _SINCE.items():
        rows = await fetch(f"SELECT count(*) AS n FROM {table} WHERE member = $1 AND {column} > $2", pair.survivor, at)
        found.append((table, rows[0]["n"]))
    return [(table, count) for table, count in found if count]


async def move(table: Table, from_: UUID, to: UUID, only: Sequence[UUID] | None = None) -> list[UUID]:
    """Move rows from one member to another, but those that the other one has already; answers their ids."""
    same = " AND ".join(f"y.{column} = x.{column}" for column in table.once)
    once = f"AND NOT EXISTS (SELECT 1 FROM {table.name} y WHERE y.member = $2 AND {same})" if same else ""
    rows = await fetch(
        f"UPDATE {table.name} x SET member = $2 WHERE x.member = $1 AND ($3::uuid[] IS NULL OR x.id = ANY($3)) {once} "
        "RETURNING x.id",
        from_,
        to,
        only,
    )
    return [row["id"] for row in rows]


def ids(kept: Sequence[str]) -> list[UUID]:
    """Ids as they come out of JSON."""
    return [UUID(text) for text in kept]


async def _take_accounts(pair: Pair) -> list[UUID]:
    """The other's accounts with all that is booked on them; none of it is written anew."""
    rows = await fetch(
        "UPDATE account SET member = $2, merge = coalesce(merge, $3) WHERE member = $1 RETURNING id",
        pair.other,
        pair.survivor,
        pair.merge,
    )
    return [row["id"] for row in rows]


async def _give_back_accounts(pair: Pair, kept: Sequence[str]) -> None:
    await execute(
        "UPDATE account SET member = $2, merge = nullif(merge, $3) WHERE id = ANY($4) AND member = $1",
        pair.survivor,
        pair.other,
        pair.merge,
        ids(kept),
    )


async def _take_keyed(keyed: Keyed, pair: Pair) -> dict[str, Any]:
    away = await fetch(
        f"DELETE FROM {keyed.name} x WHERE x.member = $1 AND EXISTS ("
        f"SELECT 1 FROM {keyed.name} y WHERE y.member = $2 AND y.{keyed.key} = x.{keyed.key}) "
        "RETURNING to_jsonb(x) AS row",
        pair.other,
        pair.survivor,
    )
    moved = await fetch(
        f"UPDATE {keyed.name} SET member = $2 WHERE member = $1 RETURNING {keyed.key}::text AS key",
        pair.other,
        pair.survivor,
    )
    return {"moved": [row["key"] for row in moved], "away": [row["row"] for row in away]}


async def _give_back_keyed(keyed: Keyed, pair: Pair, kept: Mapping[str, Any]) -> int:
    rows = await fetch(
        f"UPDATE {keyed.name} SET member = $2 WHERE member = $1 AND {keyed.key}::text = ANY($3) RETURNING 1",
        pair.survivor,
        pair.other,
        kept["moved"],
    )
    there = f"WHERE EXISTS (SELECT 1 FROM {keyed.lasting} l WHERE l.id = r.{keyed.key})" if keyed.lasting else ""
    await execute(
        f"INSERT INTO {keyed.name} SELECT r.* FROM jsonb_populate_recordset(NULL::{keyed.name}, $1::jsonb) r {there} "
        "ON CONFLICT DO NOTHING",
        as_json(kept["away"]),
    )
    return len(kept["moved"]) - len(rows)


def as_json(rows: Sequence[Any]) -> str:
    """Rows that were taken away, for ``jsonb_populate_recordset``."""
    return msgspec.json.encode(list(rows)).decode()
