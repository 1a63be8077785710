"""Writing a chunk: rows applied one after another in memory, then loaded by ``COPY``."""

from __future__ import annotations

import base64
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tessera.access import sealing
from tessera.access.actor import actor
from tessera.access.service.lookups import count_list
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import copy_records, execute, executemany
from tessera.kernel.events import event_row, write_events
from tessera.kernel.ids import uuid7
from tessera.kernel.tabular import Row
from tessera.members.identities import SHARED
from tessera.members.imports.contract import Outcome
from tessera.members.imports.extensions import MemberValue
from tessera.members.imports.people.alike import note_alike, prepare
from tessera.members.imports.people.columns import plan
from tessera.members.imports.people.draft import LIST, Draft, Found, Parser, Refused, parse_rows
from tessera.members.imports.people.matching import PROFILE, People, Person, may_say, wanted_columns
from tessera.members.numbers import next_numbers
from tessera.members.service.notes import note_lookup
from tessera.members.service.tokens import refresh_tokens, token_rows, write_tokens
from tessera.members.service.views import BIRTHDAY
from tessera_hooks import Text, _

KIND = "members"

MEMBER = ("id", "number", *PROFILE, "store", "stage", "batch", "created_at", "updated_at", "version")
IDENTITY = ("id", "member", "kind", "lookup", "sealed", "tail", "is_primary", "verified", "batch", "created_at")
CONTACT = ("id", "member", "kind", "lookup", "sealed", "tail", "batch", "created_at")
NOTE = ("id", "member", "text", "lookup", "author", "staff", "batch", "at")

WORD = (
    "id", "member", "purpose", "channel", "state", "source", "wording", "given_by", "guardian", "actor", "at", "batch",
)  # fmt: skip

_UPDATE = "UPDATE member SET updated_at = $2, version = version + 1{sets} WHERE id = $1".format(
    sets="".join(f", {column} = ${place}" for place, column in enumerate(PROFILE, start=3))
)
_CONSENT = (
    "INSERT INTO consent (id, member, purpose, channel, state, source, wording, given_by, at, batch) "
    "SELECT c.*, 'import', '', '', $6, $7 "
    "FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) AS c "
    "ON CONFLICT (member, purpose, channel) DO UPDATE SET "
    "state = excluded.state, source = excluded.source, wording = '', given_by = '', at = excluded.at, "
    "batch = excluded.batch"
)


_ALIKE = _("too many phones of lists look like this one when they are masked: the rest can be brought in a day")
_ELSEWHERE = _("this is taken by someone outside your stores: find them at the desk and ask them to confirm it")


class MemberLoader:
    """Imports lists of members.

    ``mapping`` names fields of columns as the importer wrote them; ``source`` the system whose ids the
    list holds; ``store`` the home store of members whose row names none.
    """

    def __init__(self, source: str, mapping: Mapping[str, str] | None = None, store: UUID | None = None) -> None:
        self.source = source
        self.mapping = mapping or {}
        self.store = store
        self.parser: Parser

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means, and say which are ignored."""
        decided = plan(columns, self.mapping)
        self.parser = Parser(decided, self.source, business().today())
        return decided.remarks

    def group(self, row: Row) -> Hashable | None:
        """Rows of people stand alone."""
        return None

    def parse(self, rows: Sequence[Row]) -> list[Draft | Refused]:
        """The rows as values."""
        parsed = parse_rows(self.parser, rows)
        for one in parsed:
            if isinstance(one, Draft):
                prepare(one)
        return parsed

    async def load(self, parsed: list[Draft | Refused], batch: UUID) -> Sequence[Outcome]:
        """Write a chunk and say what became of each row."""
        parsed = await _without_guesses(parsed)
        drafts = [one for one in parsed if isinstance(one, Draft)]
        chunk = Chunk(await People.around(drafts, batch), batch, self.store)
        outcomes = [
            chunk.apply(one) if isinstance(one, Draft) else Outcome(one.line, "rejected", reason=one.reason)
            for one in parsed
        ]
        await chunk.write()
        await note_alike(chunk, drafts)
        return await self._extras(drafts, outcomes, chunk)

    async def _extras(self, drafts: Sequence[Draft], outcomes: list[Outcome], chunk: Chunk) -> list[Outcome]:
        """Hand the columns of other rooms to them; a row that brought them something new is an update."""
        fresh: dict[int, dict[str, Any]] = {}
        for column in self.parser.extras:
            values = [
                MemberValue(draft.line, person.id, person.store, draft.extras[column.field])
                for draft in drafts
                if column.field in draft.extras and (person := chunk.meant.get(draft.line)) is not None
            ]
            brought = await column.load(values, chunk.batch) if values else set[int]()
            for line in brought:
                before = {column.field: brought[line]} if isinstance(brought, Mapping) else {}
                fresh.setdefault(line, {}).update(before)
        return [_with_columns(o, fresh[o.line], chunk) if o.line in fresh else o for o in outcomes]


async def _without_guesses(parsed: Sequence[Draft | Refused]) -> list[Draft | Refused]:
    """The rows without those that may try out who has a phone: refused whoever has it, and before anyone looks."""
    phones = [
        found.known
        for one in parsed
        if isinstance(one, Draft)
        for found in one.identities
        if found.known.kind == "phone"
    ]
    refused = await count_list(phones)
    return [
        Refused(one.line, _ALIKE)
        if refused and isinstance(one, Draft) and any(found.known in refused for found in one.identities)
        else one
        for one in parsed
    ]


def _with_columns(outcome: Outcome, before: Mapping[str, Any], chunk: Chunk) -> Outcome:
    """What became of a row whose columns of other rooms brought something new."""
    if outcome.action == "created":
        return outcome
    own = chunk.meant[outcome.line].is_own
    kept = outcome.before if own or not before else {**(outcome.before or {}), "columns": before}
    return Outcome(outcome.line, "updated", outcome.target, kept)


class Chunk:
    """What the rows of one chunk come to, collected before anything is written."""

    def __init__(self, people: People, batch: UUID, store: UUID | None) -> None:
        self.people = people
        self.batch = batch
        self.store = store
        self.now = clock.now()
        self.meant: dict[int, Person] = {}
        self.torn: list[Draft] = []
        self.identities: list[tuple[Any, ...]] = []
        self.contacts: list[tuple[Any, ...]] = []
        self.notes: list[tuple[Any, ...]] = []
        self.consents: dict[tuple[UUID, str, str], str] = {}
        self.stores: list[tuple[UUID, UUID]] = []
        self.tails: dict[UUID, set[str]] = {}

    def apply(self, draft: Draft) -> Outcome:
        """One row in its turn, as if it came alone."""
        refused = self.people.why_not(draft)
        if refused is not None:
            return Outcome(draft.line, "rejected", reason=refused)
        person, torn = self.people.meant_by(draft)
        if person is not None and person.id in self.people.hidden:
            return Outcome(draft.line, "rejected", reason=_ELSEWHERE)
        if torn:
            self.torn.append(draft)
            return Outcome(
                draft.line, "rejected", reason=_("the ids in this row belong to different members: merge them first")
            )
        created = person is None
        if person is None:
            person = self.people.add(draft)
        self.meant[draft.line] = person
        before = self._change(person, draft)
        person.touched = True
        if created:
            return Outcome(draft.line, "created", person.id)
        if not before:
            return Outcome(draft.line, "unchanged", person.id)
        return Outcome(draft.line, "updated", person.id, None if person.is_own else before)

    def _change(self, person: Person, draft: Draft) -> dict[str, Any]:
        """Apply a row to a person and answer what was before, by what an undo needs."""
        before: dict[str, Any] = {}
        wanted = wanted_columns(person, draft)
        if wanted:
            before["member"] = {column: _plain(person.columns[column]) for column in wanted}
            person.columns.update(wanted)
            person.changed.update(wanted)
        self._place(person, draft, before)
        for found in draft.identities:
            kind = self.people.give(person, found)
            if kind is not None:
                self._identify(person, found, kind, before)
        if draft.note and (lookup := note_lookup(draft.note)) not in person.notes:
            person.notes.add(lookup)
            before.setdefault("notes", []).append(str(self._note(person, draft.note, lookup)))
        for purpose, channel, state in draft.consents:
            if may_say(person, purpose, channel, state):
                said = person.consents.get((purpose, channel))
                before.setdefault("consents", []).append([purpose, channel, said[0] if said else None])
                person.consents[(purpose, channel)] = (state, "import")
                self.consents[(person.id, purpose, channel)] = state
        return before

    def _place(self, person: Person, draft: Draft, before: dict[str, Any]) -> None:
        store = draft.store or (self.store if person.is_new and not person.stores else None)
        if store is None:
            return
        if person.store is None and person.is_new:
            person.store = store
        if store not in person.stores:
            person.stores.add(store)
            self.stores.append((person.id, store))
            before.setdefault("stores", []).append(str(store))

    def _identify(self, person: Person, found: Found, kind: str, before: dict[str, Any]) -> None:
        known, id_ = found.known, uuid7()
        head = (id_, person.id, known.kind, found.lookup, known.sealed, known.tail if known.kind != LIST else "")
        if kind == "identity":
            primary = known.kind not in person.kinds
            person.kinds.add(known.kind)
            self.identities.append((*head, primary, False, self.batch, self.now))
            before.setdefault("identities", []).append(str(id_))
        else:
            self.contacts.append((*head, self.batch, self.now))
            before.setdefault("contacts", []).append(str(id_))
        person.changed.add(known.kind if known.kind in SHARED else "identities")
        if known.kind == "phone":
            self.tails.setdefault(person.id, set()).add(known.tail)

    def _note(self, person: Person, text: str, lookup: bytes) -> UUID:
        id_, who = uuid7(), actor()
        self.notes.append(
            (id_, person.id, sealing.seal(text), lookup, str(who.label)[:200], who.staff_id, self.batch, self.now)
        )
        return id_

    async def write(self) -> None:
        """Load what the rows came to."""
        new = [person for person in self.people.by_id.values() if person.is_new]
        if new:
            await self._write_new(new)
        changed = [person for person in self.people.by_id.values() if person.changed and not person.is_new]
        if changed:
            await executemany(_UPDATE, [(p.id, self.now, *[p.columns[column] for column in PROFILE]) for p in changed])
        for table, rows, columns in (
            ("identity", self.identities, IDENTITY),
            ("contact", self.contacts, CONTACT),
            ("member_note", self.notes, NOTE),
            ("member_store", self.stores, ("member", "store")),
        ):
            if rows:
                await copy_records(table, rows, columns)
        await self._write_consents()
        await refresh_tokens([p.id for p in changed if {"name", "phone"} & p.changed])
        await write_events(self._events(new, changed))

    async def _write_new(self, new: Sequence[Person]) -> None:
        numbers = await next_numbers(len(new))
        rows, tokens = [], []
        for person, number in zip(new, numbers, strict=True):
            columns = person.columns
            columns["number"] = number
            profile = [columns[name] for name in PROFILE]
            rows.append((person.id, number, *profile, person.store, "new", self.batch, self.now, self.now, 1))
            tokens += token_rows(person.id, columns["name"], columns["name_key"], number, self.tails.get(person.id, ()))
        await copy_records("member", rows, MEMBER)
        await copy_records("account", [(uuid7(), p.id, self.now) for p in new], ("id", "member", "created_at"))
        await write_tokens(tokens)

    async def _write_consents(self) -> None:
        if not self.consents:
            return
        members, purposes, channels = zip(*self.consents, strict=True)
        ids = [uuid7() for _consent in members]
        states = list(self.consents.values())
        await execute(_CONSENT, ids, members, purposes, channels, states, self.now, self.batch)
        who = str(actor().label)[:200]
        words = [
            (uuid7(), *said, state, "import", "", "", None, who, self.now, self.batch)
            for said, state in self.consents.items()
        ]
        await copy_records("consent_word", words, WORD)

    def _events(self, new: Sequence[Person], changed: Sequence[Person]) -> list[tuple[Any, ...]]:
        events = [
            event_row(
                "member.created",
                member=p.id,
                store=p.store,
                occurred_at=self._joined(p.columns["joined_on"]),
                number=p.columns["number"],
            )
            for p in new
        ]
        events += [event_row("member.updated", member=p.id, store=p.store, fields=_fields(p.changed)) for p in changed]
        events += [event_row("member.note_added", member=note[1], note=note[0]) for note in self.notes]
        events += [
            event_row(
                "member.consent_changed", member=member, purpose=purpose, channel=channel, state=state, source="import"
            )
            for (member, purpose, channel), state in self.consents.items()
        ]
        return events

    def _joined(self, day: date | None) -> datetime:
        return clock.midnight(day, business().timezone) if day is not None else self.now


def _fields(columns: set[str]) -> list[str]:
    """The fields that changed columns belong to, as events and people call them."""
    named = {"birthday" if column in BIRTHDAY else column for column in columns if column != "name_key"}
    return sorted(named)


def _plain(value: Any) -> Any:
    """A column's value as JSON; what is sealed stays sealed."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value
