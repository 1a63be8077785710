"""Reading records: one, those of a member, those of stores, the latest of many members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera.members.service import scope
from tessera.records import reach
from tessera.records.formulas import Birth, band_of, missing_inputs
from tessera.records.kinds import Kind
from tessera.records.sealed import opened
from tessera_hooks import Band, Person, Text, _

OWN_COLUMNS = ("id", "member", "store", "recorded_on", "staff", "origin", "batch", "note", "created_at", "version")
MOST = 200
"""Records that one page of a list may hold."""


@dataclass(frozen=True)
class Entry:
    """One record with its member's name and what formulas need of the person."""

    kind: Kind
    id: UUID
    member: UUID
    member_name: str
    member_number: str
    store: UUID
    recorded_on: date
    staff: UUID | None
    staff_name: str | None
    note: str | None
    origin: str
    created_at: datetime
    version: int
    values: dict[str, Any]
    birth: Birth

    @cached_property
    def person(self) -> Person:
        """The member on the record's day."""
        return self.birth.person_on(self.recorded_on)

    def band(self, name: str) -> Band | None:
        """The band of a derived value, where it has one for this person."""
        return band_of(self.kind.derived[name], self.values[name], self.person) if name in self.kind.derived else None

    def missing(self, name: str) -> list[Text]:
        """The inputs without which a derived value could not be computed."""
        return missing_inputs(self.kind, self.kind.derived[name], self.values, self.person)


def _select(kind: Kind) -> str:
    columns = [*OWN_COLUMNS, *kind.columns, *(f"{name}_version" for name in kind.derived)]
    return (
        f"SELECT {', '.join(f'r.{name}' for name in columns)}, "
        "coalesce(nullif(m.name, ''), m.number) AS member_name, m.number AS member_number, "
        "m.gender, m.birth_year, m.birth_month, m.birth_day, p.name AS staff_name "
        f"FROM {kind.table} r JOIN member m ON m.id = r.member LEFT JOIN staff p ON p.id = r.staff "
    )


def _entry(kind: Kind, row: Any) -> Entry:
    return Entry(
        kind=kind,
        **{
            name: row[name]
            for name in (
                "id",
                "member",
                "member_name",
                "member_number",
                "store",
                "recorded_on",
                "staff",
                "staff_name",
                "note",
                "origin",
                "created_at",
                "version",
            )
        },
        values={name: opened(kind, name, row[name]) for name in kind.columns},
        birth=birth_of(row),
    )


def birth_of(row: Any) -> Birth:
    """Gender and birth date from a row of ``member``."""
    return Birth(row["gender"], row["birth_year"], row["birth_month"], row["birth_day"])


def _seen(kind: Kind) -> tuple[str, list[Any]]:
    """The condition, with its first two values, for records that one may see of members one may see."""
    where = f"WHERE r.store = ANY($1) AND {scope.in_scope('r.member', 2)}"
    return where, [reach.seen_stores(kind), scope.members_seen(kind.read)]


NEWEST_FIRST = " ORDER BY r.recorded_on DESC, r.id DESC LIMIT "


@dataclass(frozen=True)
class Page:
    """Records, newest first, and where the next page begins."""

    items: list[Entry]
    next: str | None


async def one(kind: Kind, id_: UUID, *, lock: bool = False) -> Entry:
    """A record by its id; ``lock`` holds its row until the transaction ends."""
    where, args = _seen(kind)
    sql = _select(kind) + where + " AND r.id = $3" + (" FOR UPDATE OF r" if lock else "")
    row = await fetchrow(sql, *args, id_)
    if row is None:
        raise NotFound(_("This record is not there."))
    return _entry(kind, row)


async def just_written(kind: Kind, id_: UUID) -> Entry:
    """The record that one has written, which one may see whatever one's rights to read."""
    return _entry(kind, await fetchrow(_select(kind) + "WHERE r.id = $1", id_))


async def by_ids(kind: Kind, ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """Those of many records that one may see, in one query."""
    where, args = _seen(kind)
    rows = await fetch(_select(kind) + where + " AND r.id = ANY($3)", *args, ids)
    return {row["id"]: _entry(kind, row) for row in rows}


async def page(
    kind: Kind,
    *,
    member: UUID | None = None,
    day: date | None = None,
    before: date | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Records newest first: of one member in all stores one sees, else of the stores one lists.

    ``day`` takes those of one day, ``before`` those of earlier days.
    """
    limit = max(1, min(limit, MOST))
    where, args = _seen(kind)
    if member is None:
        args[0] = reach.listed_stores(kind)
    else:
        member = await scope.survivor_of(member)
    for condition, value in (("r.member =", member), ("r.recorded_on =", day), ("r.recorded_on <", before)):
        if value is not None:
            args.append(value)
            where += f" AND {condition} ${len(args)}"
    if cursor:
        args += parse_cursor(cursor)
        where += f" AND (r.recorded_on, r.id) < (${len(args) - 1}, ${len(args)})"
    rows = await fetch(_select(kind) + where + NEWEST_FIRST + str(limit + 1), *args)
    items = [_entry(kind, row) for row in rows[:limit]]
    more = f"{items[-1].recorded_on.isoformat()}.{items[-1].id.hex}" if len(rows) > limit else None
    return Page(items, more)


def parse_cursor(cursor: str) -> list[Any]:
    """The day and id at which a page ended."""
    day, _dot, id_ = cursor.partition(".")
    try:
        return [date.fromisoformat(day), UUID(id_)]
    except ValueError:
        message = _("this is no cursor of this list: take the one that the last page gave")
        raise Invalid(message, [FieldError("cursor", message)]) from None


async def latest_of(kind: Kind, members: Sequence[UUID]) -> dict[UUID, Entry]:
    """The latest record of each of many members, in one query."""
    where, args = _seen(kind)
    sql = (
        _select(kind).replace("SELECT ", "SELECT DISTINCT ON (r.member) ", 1)
        + where
        + " AND r.member = ANY($3) ORDER BY r.member, r.recorded_on DESC, r.id DESC"
    )
    return {row["member"]: _entry(kind, row) for row in await fetch(sql, *args, members)}


async def before(kind: Kind, entry: Entry) -> Entry | None:
    """The record of the same member before this one."""
    where, args = _seen(kind)
    where += " AND r.member = $3 AND (r.recorded_on, r.id) < ($4, $5)"
    sql = _select(kind) + where + NEWEST_FIRST + "1"
    row = await fetchrow(sql, *args, entry.member, entry.recorded_on, entry.id)
    return None if row is None else _entry(kind, row)
