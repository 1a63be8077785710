"""One row of a list of members, understood: every cell a value, or the row a reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from tessera.access import sealing
from tessera.access import service as access
from tessera.kernel.errors import DomainError
from tessera.kernel.tabular import Row, restored
from tessera.members import identities, names
from tessera.members.identities import Known
from tessera.members.imports.extensions import MemberColumn, member_columns
from tessera.members.imports.people.columns import Plan
from tessera.members.normalise import (
    Birthday,
    Consent,
    Unusable,
    normalise_consent,
    normalise_gender,
    normalise_name,
    parse_birthday,
    plain,
)
from tessera.members.service import checks
from tessera.members.service.consents import State
from tessera.members.service.duplicates import Traits
from tessera.members.service.notes import LONGEST, clean_note
from tessera.members.service.scope import stores_seen
from tessera_hooks import Text, _

T = TypeVar("T")

LIST = "list"
"""The kind of identity of a row that has none of its own: who, born when, joined when."""

CONSENTS = {"consent_sms": ("marketing", "sms"), "consent_email": ("marketing", "email")}

IDENTITIES = ("phone", "email", "card", "resident_id", "passport", "permit", "wechat_open", "wechat_union")


class Found(msgspec.Struct, gc=False):
    """An identity with its lookup computed once."""

    known: Known
    lookup: bytes

    @property
    def key(self) -> tuple[str, bytes]:
        """Kind and lookup: what is unique."""
        return self.known.kind, self.lookup


class Draft(msgspec.Struct, gc=False):
    """A row as values; ``profile`` maps columns of the member to values that are there.

    ``likeness`` is what the person is compared by and the keys of it, see ``alike``.
    """

    line: int
    name: str
    name_key: str
    profile: dict[str, Any]
    address: str | None
    identities: list[Found]
    store: UUID | None
    note: str | None
    consents: list[tuple[str, str, State]]
    extras: dict[str, Any]
    number: str | None = None
    likeness: tuple[Traits, list[int]] | None = None


class Refused(msgspec.Struct, gc=False):
    """A row that cannot be used, and why."""

    line: int
    reason: Text


class Parser:
    """Reads rows by a plan. ``source`` names the system whose ids the list holds."""

    def __init__(self, plan: Plan, source: str, today: datetime.date) -> None:
        self.plan = plan
        self.source = source
        self.today = today
        self.extras: list[MemberColumn] = [c for c in member_columns() if c.field in plan.fields]
        self._stores: dict[str, UUID] = {}
        self._allowed = stores_seen("members.write")
        self._columns = {name: columns[0] for name, columns in plan.fields.items()}

    def draft(self, row: Row) -> Draft | Refused:
        """The row's values, or why it is rejected: the first cell that cannot be used is named."""
        try:
            return self._draft(row)
        except _BadCell as bad:
            return Refused(row.line, bad.reason)

    def _draft(self, row: Row) -> Draft:
        cells = row.values
        name = self._name(cells)
        profile = self._profile(cells)
        address = self._joined(cells, "address", " ")
        found = self._identities(cells)
        number = self._one(cells, "number", _number)
        if not name and not found and not number:
            raise _BadCell(_("the row has neither a name nor anything else that identifies someone"))
        if not found and not number:
            found = [_of_the_row(name, profile, address)]
        return Draft(
            row.line,
            name,
            names.name_key(name) if name else "",
            profile,
            address,
            found,
            self._one(cells, "store", self._store),
            self._note(cells),
            self._consents(cells),
            {c.field: v for c in self.extras if (v := self._one(cells, c.field, c.parse)) is not None},
            number,
        )

    def _name(self, cells: Mapping[str, str | None]) -> str:
        whole = self._one(cells, "name", normalise_name)
        if whole:
            return whole
        parts = [self._one(cells, part, plain) or "" for part in ("given_name", "family_name")]
        return normalise_name(" ".join(parts)) if any(parts) else ""

    def _profile(self, cells: Mapping[str, str | None]) -> dict[str, Any]:
        values = {
            "gender": self._one(cells, "gender", normalise_gender),
            "birthday": self._birthday(cells),
            "source": self._one(cells, "source", checks.short_text(checks.LONGEST_SOURCE)),
            "joined_on": self._one(cells, "joined_on", checks.joined_of),
            "language": self._one(cells, "language", checks.language_of),
            "timezone": self._one(cells, "timezone", checks.timezone_of),
        }
        return {name: value for name, value in values.items() if value is not None}

    def _birthday(self, cells: Mapping[str, str | None]) -> Birthday | None:
        """The birthday; a column of lunar ones says how it is kept, one of solar ones perhaps its year."""
        lunar = self._one(cells, "lunar_birthday", lambda text: parse_birthday(text, self.today, lunar=True))
        solar = self._one(cells, "birthday", lambda text: parse_birthday(text, self.today))
        return lunar.with_year_of(solar) if lunar is not None else solar

    def _identities(self, cells: Mapping[str, str | None]) -> list[Found]:
        found: list[Found] = []
        for column in self.plan.fields.get("external", ()):
            one = _cell(column, cells[column], lambda text: identities.external(self.source, text))
            if one is not None:
                found.append(Found(one, one.lookup))
        for kind in IDENTITIES:
            for column in self.plan.fields.get(kind, ()):
                one = _cell(column, cells[column], identities.PARSERS[kind])
                if one is not None and all(one != other.known for other in found):
                    found.append(Found(one, one.lookup))
        for column in self.plan.fields.get("identities", ()):
            for one in _cell(column, cells[column], _listed) or ():
                if all(one != other.known for other in found):
                    found.append(Found(one, one.lookup))
        return found

    def _consents(self, cells: Mapping[str, str | None]) -> list[tuple[str, str, State]]:
        said: list[tuple[str, str, State]] = []
        for name, (purpose, channel) in CONSENTS.items():
            state: Consent | None = self._one(cells, name, normalise_consent)
            if state is not None:
                said.append((purpose, channel, state))
        return said

    def _note(self, cells: Mapping[str, str | None]) -> str | None:
        text = clean_note(self._joined(cells, "note", "\n", keep_lines=True) or "")
        if len(text) > LONGEST:
            raise _BadCell(_("the note is longer than {limit} characters", limit=LONGEST))
        return text or None

    def _joined(
        self, cells: Mapping[str, str | None], name: str, between: str, *, keep_lines: bool = False
    ) -> str | None:
        columns = self.plan.fields.get(name, ())
        parts = [restored(text) for column in columns if (text := cells[column]) and text.strip()]
        joined = between.join(part.strip() if keep_lines else plain(part) for part in parts)
        if len(joined) > checks.LONGEST_TEXT and not keep_lines:
            raise _BadCell(_("the address is longer than {limit} characters", limit=checks.LONGEST_TEXT))
        return joined or None

    def _one(self, cells: Mapping[str, str | None], name: str, parse: Callable[[str], T | None]) -> T | None:
        column = self._columns.get(name)
        return _cell(column, cells[column], parse) if column is not None else None

    def _store(self, text: str) -> UUID:
        wanted = plain(text).casefold()
        if wanted not in self._stores:
            by_name = [store.id for store in access.stores_known() if store.name.casefold() == wanted]
            self._stores[wanted] = by_name[0] if len(by_name) == 1 else access.store_by_code(wanted).id
        if self._allowed is not None and self._stores[wanted] not in self._allowed:
            raise Unusable(_("choose one of your stores"))
        return self._stores[wanted]


class _BadCell(Exception):
    """A cell that cannot be used."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def _cell(column: str, text: str | None, parse: Callable[[str], T | None]) -> T | None:
    """The value of a cell; nothing for an empty one, a refusal that names the column for a wrong one."""
    if text is None or not text.strip():
        return None
    if sealing.is_masked(text):
        raise _BadCell(_("{column}: this value is masked", column=column))
    try:
        return parse(restored(text))
    except Unusable as refusal:
        raise _BadCell(_("{column}: {reason}", column=column, reason=refusal.reason)) from None
    except DomainError as refusal:
        raise _BadCell(_("{column}: {reason}", column=column, reason=refusal.text)) from None


def _number(text: str) -> str:
    """A member number as it is stored."""
    return plain(text).lstrip("'").removesuffix(".0").replace(" ", "")


def _listed(text: str) -> list[Known]:
    """Several identities in one cell, each on a line of its own with its kind before it."""
    return [identities.parse(line) for line in text.splitlines() if line.strip()]


def _of_the_row(name: str, profile: Mapping[str, Any], address: str | None) -> Found:
    """What a row without any identity is recognised by when the list is imported again.

    Name and birthday and day of joining; where one of these is missing, the address too. A namesake
    who differs in any of them is another person: two rows too many are mended more easily than two
    people mixed up.
    """
    born: Birthday | None = profile.get("birthday")
    joined = profile.get("joined_on")
    complete = born is not None and joined is not None
    parts = [name, str(born or ""), str(joined or ""), "" if complete else address or ""]
    key = "\x1f".join(parts)
    return Found(Known(LIST, "", key), sealing.lookup(LIST, key))


def parse_rows(parser: Parser, rows: Sequence[Row]) -> list[Draft | Refused]:
    """All rows of a chunk, in their order."""
    return [parser.draft(row) for row in rows]
