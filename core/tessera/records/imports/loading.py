"""Writing a chunk of records: members found and held, each row recognised by its natural key, loaded by ``COPY``."""

from __future__ import annotations

import base64
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.access.service.stores import store_of
from tessera.kernel import clock
from tessera.kernel.database import copy_records, executemany, fetch
from tessera.kernel.events import current_origin, event_row, write_events
from tessera.kernel.ids import uuid7
from tessera.kernel.tabular import Row
from tessera.members.identities import holders
from tessera.members.imports import Outcome
from tessera.members.service import scope
from tessera.members.service.survivors import numbered
from tessera.records.formulas import Birth, computed
from tessera.records.imports.columns import Draft, Parser, Refused, plan
from tessera.records.kinds import Kind
from tessera.records.rows import birth_of
from tessera.records.sealed import opened, stored
from tessera.records.service import moment_of
from tessera_hooks import Text, _

KIND = "records"

Key = tuple[Any, ...]

_UNKNOWN = _("no member that you may see is known by this")

_LOCKED = (
    "SELECT merged_into IS NOT NULL OR erased_at IS NOT NULL AS gone FROM member "
    "WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
)


@dataclass(slots=True)
class Standing:
    """A record as a chunk sees it; ``touched``: a row of this import was applied, later ones only fill gaps."""

    id: UUID
    member: UUID
    store: UUID
    values: dict[str, Any]
    version: int
    at_rest: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False
    is_own: bool = False
    touched: bool = False
    is_changed: bool = False


class RecordLoader:
    """Imports records of one type."""

    def __init__(self, kind: Kind, source: str, mapping: Mapping[str, str], home: UUID | None) -> None:
        self.kind = kind
        self.source = source
        self.mapping = mapping
        self.home = home
        self.parser: Parser

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means, and say which are ignored."""
        decided = plan(self.kind, columns, self.mapping)
        self.parser = Parser(self.kind, decided, self.source, self.home)
        return decided.remarks

    def group(self, row: Row) -> Hashable | None:
        """Rows of records stand alone."""
        return None

    def parse(self, rows: Sequence[Row]) -> list[Draft | Refused]:
        """The rows as values."""
        return [self.parser.draft(row) for row in rows]

    async def load(self, parsed: list[Draft | Refused], batch: UUID) -> Sequence[Outcome]:
        """Write a chunk and say what became of each row."""
        drafts = [one for one in parsed if isinstance(one, Draft)]
        members = await _members(drafts, self.kind)
        chunk = Chunk(self.kind, batch, self.parser, await _births(list(members.values())))
        await chunk.read(members.values())
        outcomes = []
        for one in parsed:
            if isinstance(one, Refused):
                outcomes.append(Outcome(one.line, "rejected", reason=one.reason))
            elif (member := members.get(_whom(one))) is None:
                outcomes.append(Outcome(one.line, "rejected", reason=_UNKNOWN))
            else:
                outcomes.append(chunk.apply(one, member))
        await chunk.write()
        return outcomes


def _whom(draft: Draft) -> tuple[str, Any]:
    return ("number", draft.number) if draft.known is None else (draft.known.kind, draft.known.lookup)


async def _members(drafts: Sequence[Draft], kind: Kind) -> dict[tuple[str, Any], UUID]:
    """The members that rows mean, as far as the actor may write such records of them; locked until the chunk is in.

    A merge that was under way is waited for, and then asked again whom the rows mean.
    """
    while True:
        meant: dict[tuple[str, Any], UUID] = dict(await holders(d.known for d in drafts if d.known is not None))
        numbers = await numbered(draft.number for draft in drafts if draft.number is not None)
        meant.update({("number", number): member for number, member in numbers.items()})
        seen = set(await scope.visible_among(sorted(set(meant.values())), kind.write))
        if not any(row["gone"] for row in await fetch(_LOCKED, sorted(seen))):
            return {whom: member for whom, member in meant.items() if member in seen}


async def _births(members: Sequence[UUID]) -> dict[UUID, Birth]:
    rows = await fetch("SELECT id, gender, birth_year, birth_month, birth_day FROM member WHERE id = ANY($1)", members)
    return {row["id"]: birth_of(row) for row in rows}


class Chunk:
    """What the rows of one chunk come to, collected before anything is written."""

    def __init__(self, kind: Kind, batch: UUID, parser: Parser, births: Mapping[UUID, Birth]) -> None:
        self.kind = kind
        self.batch = batch
        self.parser = parser
        self.births = births
        self.key = kind.natural_key
        self.standing: dict[Key, Standing] = {}

    async def read(self, members: Any) -> None:
        """The records that rows may mean; of several alike, the first that was made."""
        ids = list(set(members))
        names = ["id", "member", "store", "recorded_on", "note", "version", "batch", *self.kind.fields]
        rows = await fetch(
            f"SELECT {', '.join(names)} FROM {self.kind.table} WHERE member = ANY($1) ORDER BY id DESC FOR UPDATE", ids
        )
        done = await fetch(
            "SELECT DISTINCT target FROM import_row WHERE batch = $1 AND target = ANY($2)",
            self.batch,
            [row["id"] for row in rows],
        )
        touched = {row["target"] for row in done}
        for row in rows:
            at_rest = {name: row[name] for name in ("recorded_on", "note", *self.kind.fields)}
            values = {name: opened(self.kind, name, value) for name, value in at_rest.items()}
            own = row["batch"] == self.batch
            one = Standing(row["id"], row["member"], row["store"], values, row["version"], at_rest, is_own=own)
            one.touched = own or row["id"] in touched
            self.standing[self._key(row["member"], values)] = one

    def _key(self, member: UUID, values: Mapping[str, Any]) -> Key:
        return (member, *(values.get(name) for name in self.key))

    def apply(self, draft: Draft, member: UUID) -> Outcome:
        """One row in its turn, as if it came alone."""
        key = self._key(member, draft.complete or draft.values)
        there = self.standing.get(key)
        if there is not None:
            return self._update(there, draft)
        if draft.complete is None:
            return Outcome(draft.line, "rejected", reason=draft.missing)
        values = dict(draft.complete)
        made = Standing(uuid7(), member, draft.store, values, 1, is_new=True, is_own=True, touched=True)
        self.standing[key] = made
        return Outcome(draft.line, "created", made.id)

    def _update(self, there: Standing, draft: Draft) -> Outcome:
        if there.store not in self.parser.stores:
            return Outcome(draft.line, "rejected", reason=_UNKNOWN)
        wanted = {
            name: value
            for name, value in draft.values.items()
            if value is not None and value != there.values[name] and (not there.touched or there.values[name] is None)
        }
        there.touched = True
        if not wanted:
            return Outcome(draft.line, "unchanged", there.id)
        before = {name: _plain(there.at_rest.get(name)) for name in wanted}
        there.values.update(wanted)
        there.is_changed = True
        undo = None if there.is_own else {"values": before, "version": there.version + 1}
        return Outcome(draft.line, "updated", there.id, undo)

    async def write(self) -> None:
        """Load what the rows came to, each record with its derived values and its event."""
        new = [one for one in self.standing.values() if one.is_new]
        changed = [one for one in self.standing.values() if one.is_changed and not one.is_new]
        if new:
            await self._insert(new)
        if changed:
            await self._change(changed)
        await write_events([*map(self._recorded, new), *map(self._corrected, changed)])

    def _derived(self, one: Standing) -> dict[str, Any]:
        return computed(self.kind, one.values, self.births[one.member].person_on(one.values["recorded_on"]))

    async def _insert(self, new: Sequence[Standing]) -> None:
        now, origin = clock.now(), current_origin()
        rows = [
            {
                "id": one.id, "member": one.member, "store": one.store, "origin": origin, "batch": self.batch,
                "created_at": now, "version": 1,
                **stored(self.kind, one.values), **self._derived(one),
            }
            for one in new
        ]  # fmt: skip
        columns = list(rows[0])
        await copy_records(
            self.kind.name, [tuple(row[name] for name in columns) for row in rows], columns, schema=self.kind.plugin
        )

    async def _change(self, changed: Sequence[Standing]) -> None:
        """A record of this same import stays at its first version: nobody has corrected it."""
        rows = [{**stored(self.kind, one.values), **self._derived(one)} for one in changed]
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(rows[0], start=3))
        await executemany(
            f"UPDATE {self.kind.table} SET {sets}, version = version + $2 WHERE id = $1",
            [(one.id, 0 if one.is_own else 1, *row.values()) for one, row in zip(changed, rows, strict=True)],
        )

    def _recorded(self, one: Standing) -> tuple[Any, ...]:
        store = store_of(one.store)
        at = moment_of(one.values["recorded_on"], store) if store is not None else None
        return event_row(self.kind.recorded, member=one.member, store=one.store, occurred_at=at, record=one.id)

    def _corrected(self, one: Standing) -> tuple[Any, ...]:
        return event_row(self.kind.changed, member=one.member, store=one.store, record=one.id)


def _plain(value: Any) -> Any:
    """A column's value as JSON; what is sealed stays sealed."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
