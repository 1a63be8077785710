"""Who a row is: the people that a chunk may mean, and each row applied to them in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tessera.access import sealing
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.kernel.ids import uuid7
from tessera.members.identities import SHARED
from tessera.members.imports.people.draft import Draft, Found
from tessera.members.normalise import Birthday
from tessera.members.service.agreeing import most_restrictive
from tessera.members.service.children import is_under_age
from tessera.members.service.consents import State
from tessera.members.service.scope import members_seen, visible_among
from tessera.members.service.survivors import numbered
from tessera.members.service.views import BIRTHDAY, birthday_columns, birthday_of_row
from tessera_hooks import Text, _

PROFILE = ("name", "name_key", "gender", *BIRTHDAY, "address", "language", "timezone", "source", "joined_on")
"""The columns of a member that a list may bring."""

_PLAIN = ("gender", "language", "timezone", "source", "joined_on")
"""Those that hold a value of a row as it is."""


@dataclass(slots=True)
class Person:
    """A member as a chunk sees them: what is stored, and what the chunk adds.

    ``touched`` says that a row of this import was applied already; later rows then only fill gaps, so
    that a list which names someone twice comes to the same end however often it is imported.
    """

    id: UUID
    columns: dict[str, Any]
    store: UUID | None
    is_new: bool = False
    is_own: bool = False
    touched: bool = False
    also: set[str] = field(default_factory=set)
    """Names and their keys of those who were merged into this member."""
    held: set[tuple[str, bytes]] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    stores: set[UUID] = field(default_factory=set)
    consents: dict[tuple[str, str], tuple[State, str]] = field(default_factory=dict)
    has_guardian: bool = False
    notes: set[bytes] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    @property
    def is_child(self) -> bool:
        """Whether someone else must agree for them; as ``children.is_child`` says it."""
        if self.columns["birth_year"] is None:
            return self.has_guardian
        return is_under_age(self.columns, business().today())

    @property
    def name(self) -> str:
        """The name as it is now."""
        return str(self.columns["name"])


class People:
    """The members that the rows of one chunk may mean, found by what identifies or reaches them."""

    def __init__(self) -> None:
        self.holders: dict[tuple[str, bytes], Person] = {}
        self.contacts: dict[tuple[str, bytes], list[Person]] = {}
        self.by_id: dict[UUID, Person] = {}
        self.numbered: dict[str, Person] = {}
        self.hidden: set[UUID] = set()

    @classmethod
    async def around(cls, drafts: Sequence[Draft], batch: UUID) -> People:
        """Everyone whom these rows may mean, locked until the chunk is written.

        A merge that was under way is waited for, and then asked again whom the rows mean.
        """
        while True:
            people = cls()
            if await people._find(drafts, batch):
                return people

    async def _find(self, drafts: Sequence[Draft], batch: UUID) -> bool:
        """Look people up and lock them; answers whether all of them are still there."""
        wanted = {found.key for draft in drafts for found in draft.identities}
        numbers = await numbered(draft.number for draft in drafts if draft.number)
        if not wanted and not numbers:
            return True
        kinds, lookups = [kind for kind, _lookup in wanted], [lookup for _kind, lookup in wanted]
        held = await fetch(_HELD, kinds, lookups)
        reached = await fetch(_REACHED, kinds, lookups)
        ids = sorted({row["member"] for row in (*held, *reached)} | set(numbers.values()))
        if ids:
            rows = await fetch(_LOCKED, ids)
            if any(row["gone"] for row in rows):
                return False
            await self._read(rows, ids, batch)
            await self._hide(ids)
        self.numbered = {number: self.by_id[id_] for number, id_ in numbers.items()}
        for row in held:
            self.holders[(row["kind"], row["lookup"])] = self.by_id[row["member"]]
        for row in reached:
            self.contacts.setdefault((row["kind"], row["lookup"]), []).append(self.by_id[row["member"]])
        return True

    async def _read(self, rows: Sequence[Any], ids: list[UUID], batch: UUID) -> None:
        for row in rows:
            own = row["batch"] == batch
            columns = {name: row[name] for name in PROFILE}
            self.by_id[row["id"]] = Person(row["id"], columns, row["store"], is_own=own, touched=own)
        for row in await fetch(_MERGED, ids):
            self.by_id[row["top"]].also |= {row["name"], row["name_key"]}
        for row in await fetch(
            "SELECT DISTINCT target FROM import_row WHERE batch = $1 AND target = ANY($2)", batch, ids
        ):
            self.by_id[row["target"]].touched = True
        for row in await fetch("SELECT member, kind, lookup FROM identity WHERE member = ANY($1)", ids):
            self.by_id[row["member"]].held.add((row["kind"], row["lookup"]))
            self.by_id[row["member"]].kinds.add(row["kind"])
        for row in await fetch("SELECT member, kind, lookup FROM contact WHERE member = ANY($1)", ids):
            self.by_id[row["member"]].held.add((row["kind"], row["lookup"]))
        for row in await fetch("SELECT member, store FROM member_store WHERE member = ANY($1)", ids):
            self.by_id[row["member"]].stores.add(row["store"])
        for row in await fetch(
            "SELECT member, purpose, channel, state, source FROM consent WHERE member = ANY($1)", ids
        ):
            self.by_id[row["member"]].consents[(row["purpose"], row["channel"])] = (row["state"], row["source"])
        for row in await fetch(_GUARDED, ids, business().today()):
            self.by_id[row["member"]].has_guardian = True
        for row in await fetch("SELECT member, lookup FROM member_note WHERE member = ANY($1)", ids):
            self.by_id[row["member"]].notes.add(row["lookup"])

    async def _hide(self, ids: list[UUID]) -> None:
        """Note whom the actor may not change: rows that mean them are not applied."""
        if members_seen("members.write") is not None:
            self.hidden = set(ids) - set(await visible_among(ids, "members.write"))

    def why_not(self, draft: Draft) -> Text | None:
        """Why a row cannot mean anyone whom the actor may change; the same words whoever it means elsewhere."""
        if draft.number is None:
            return None
        person = self.numbered.get(draft.number)
        if person is None or person.id in self.hidden:
            return _("no member has this number: leave the cell empty, or say what else the column is")
        return None

    def meant_by(self, draft: Draft) -> tuple[Person | None, bool]:
        """The person that a row means, and whether its ids belong to two people.

        An id of a system, a card or an official id decides alone. A phone or address means someone of
        the same name only: a family shares them.
        """
        owners = {
            id(person): person
            for found in draft.identities
            if found.known.kind not in SHARED and (person := self.holders.get(found.key)) is not None
        }
        if draft.number is not None:
            person = self.numbered[draft.number]
            owners[id(person)] = person
        if owners:
            return next(iter(owners.values())), len(owners) > 1
        for found in draft.identities:
            holder = self.holders.get(found.key)
            if holder is not None and is_same_name(holder, draft):
                return holder, False
        for found in draft.identities:
            for person in self.contacts.get(found.key, ()):
                if is_same_name(person, draft):
                    return person, False
        return None, False

    def add(self, draft: Draft) -> Person:
        """Someone new."""
        person = Person(uuid7(), dict.fromkeys(PROFILE), None, is_new=True, is_own=True)
        person.columns.update(birthday_columns(None), name=draft.name, name_key=draft.name_key)
        self.by_id[person.id] = person
        return person

    def give(self, person: Person, found: Found) -> str | None:
        """Give a person an identity: ``identity`` where it was free, ``contact`` where it is another's."""
        if found.key in person.held:
            return None
        holder = self.holders.get(found.key)
        if holder is not None and found.known.kind not in SHARED:
            return None
        person.held.add(found.key)
        if holder is None:
            self.holders[found.key] = person
            return "identity"
        self.contacts.setdefault(found.key, []).append(person)
        return "contact"


_LOCKED = (
    f"SELECT id, store, batch, {', '.join(PROFILE)}, merged_into IS NOT NULL OR erased_at IS NOT NULL AS gone "
    "FROM member m WHERE id = ANY($1) ORDER BY id FOR UPDATE"
)
_HELD = (
    "SELECT i.kind, i.lookup, i.member FROM unnest($1::text[], $2::bytea[]) AS w (kind, lookup) "
    "JOIN identity i ON i.kind = w.kind AND i.lookup = w.lookup"
)
_GUARDED = (
    "SELECT DISTINCT member FROM member_link WHERE member = ANY($1) AND kind = 'guardian' "
    "AND (since IS NULL OR since <= $2) AND (until IS NULL OR until >= $2)"
)
_REACHED = (
    "SELECT c.kind, c.lookup, c.member FROM unnest($1::text[], $2::bytea[]) AS w (kind, lookup) "
    "JOIN contact c ON c.kind = w.kind AND c.lookup = w.lookup "
    "JOIN member m ON m.id = c.member AND m.merged_into IS NULL ORDER BY c.id"
)
_MERGED = """
WITH RECURSIVE line AS (
    SELECT m.merged_into AS top, m.id, m.name, m.name_key FROM member m WHERE m.merged_into = ANY($1)
    UNION ALL SELECT line.top, m.id, m.name, m.name_key FROM line JOIN member m ON m.merged_into = line.id
)
SELECT top, name, name_key FROM line
"""
"""The names of those who were merged into some members."""


def is_same_name(person: Person, draft: Draft) -> bool:
    """Whether a row may be this person by its name; an unknown name contradicts none.

    The name under which someone stood who was merged into them is theirs too.
    """
    if not draft.name or not person.name or draft.name in person.also or draft.name_key in person.also:
        return True
    return draft.name == person.name or draft.name_key == person.columns["name_key"]


def wanted_columns(person: Person, draft: Draft) -> dict[str, Any]:
    """The columns that a row changes: what is there wins, in a second row only where nothing was."""
    if person.is_new and not person.touched:
        return _all_columns(draft)
    wanted: dict[str, Any] = {}
    is_other = draft.name != person.name and draft.name not in person.also
    if draft.name and (not person.name or (not person.touched and is_other)):
        wanted.update(name=draft.name, name_key=draft.name_key)
    for column in _PLAIN:
        value = draft.profile.get(column)
        if value is not None and value != person.columns[column] and _may(person, column):
            wanted[column] = value
    wanted.update(_birthday(person, draft.profile.get("birthday")))
    if draft.address is not None and _may(person, "address"):
        stored = person.columns["address"]
        if stored is None or sealing.unseal_text(stored) != draft.address:
            wanted["address"] = sealing.seal(draft.address)
    return wanted


def _all_columns(draft: Draft) -> dict[str, Any]:
    """The columns of someone new."""
    columns = {column: draft.profile[column] for column in _PLAIN if column in draft.profile}
    born: Birthday | None = draft.profile.get("birthday")
    if born is not None:
        columns.update(birthday_columns(born))
    if draft.address is not None:
        columns["address"] = sealing.seal(draft.address)
    return columns


def _may(person: Person, column: str) -> bool:
    return not person.touched or person.columns[column] is None


def _birthday(person: Person, born: Birthday | None) -> dict[str, int | bool | None]:
    """A birthday as columns; one without its year never takes a known year away."""
    known = birthday_of_row(person.columns)
    if born is None or (person.touched and known is not None):
        return {}
    wanted = birthday_columns(born.with_year_of(known))
    return {} if all(person.columns[name] == value for name, value in wanted.items()) else wanted


def may_say(person: Person, purpose: str, channel: str, state: State) -> bool:
    """Whether a list may say what a member agreed to.

    Never against what the member said in person, and never yes for a child, whose guardian a list does
    not name; among lists the more restrictive word stays.
    """
    if state == "granted" and person.is_child:
        return False
    said = person.consents.get((purpose, channel))
    return said is None or (said[1] == "import" and most_restrictive(said[0], state) != said[0])
