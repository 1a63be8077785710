"""Booking a chunk of balances: each row once, known again by member, unit, dates and reference."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch
from tessera.kernel.tabular import Row
from tessera.members.imports import Outcome
from tessera.members.imports.control import Control, Counted
from tessera.members.imports.held import HeldMembers, hold_members
from tessera.members.imports.whose import Missing, people
from tessera.points.imports.columns import Plan, plan
from tessera.points.imports.reading import Draft, Part, Reader, Refused
from tessera.points.ledger import Cause, Posting, settling
from tessera.points.units import Term, known_unit, term
from tessera_hooks import Text, _

KIND = "balances"

SOURCE = "import.balances"
"""The source of entries for opening balances; their ``source_id`` is the key of the row."""

OPENING = "opening balance"

_KNOWN = """
SELECT e.account, e.unit, e.source_id, e.amount, e.id, e.batch FROM entry e
WHERE e.account = ANY($1) AND e.unit = $2 AND e.source = $3
  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)
"""

Key = tuple[UUID, str, UUID]
"""Member, unit and key of a row."""


@dataclass(frozen=True)
class _Booked:
    """What is booked already under a key."""

    entry: UUID
    amount: int
    batch: UUID | None


@dataclass
class _Row:
    """A row whose member is known, on its way into the ledger."""

    draft: Draft
    member: UUID
    new: list[Part] = field(default_factory=list)
    entry: UUID | None = None
    reason: Text | None = None


class BalanceLoader:
    """Imports opening balances."""

    def __init__(
        self, source: str, mapping: Mapping[str, str] | None = None, *, unit: str = "", store: UUID | None = None
    ) -> None:
        self.source = source
        self.mapping = mapping or {}
        self.unit = unit
        self.store = store
        self.control = Control()
        self.plan: Plan
        self.reader: Reader

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means, and say which are ignored."""
        self.plan = plan(columns, self.mapping, self.unit)
        self.reader = Reader(self.plan, self.source, self.unit, self.store)
        return self.plan.remarks

    def group(self, row: Row) -> Hashable | None:
        """Balances stand alone."""
        return None

    def parse(self, rows: Sequence[Row]) -> list[Draft | Refused]:
        """The rows as values."""
        return [self.reader.draft(row) for row in rows]

    async def load(self, parsed: list[Draft | Refused], batch: UUID) -> Sequence[Outcome]:
        """Book a chunk and say what became of each row."""
        drafts = [one for one in parsed if isinstance(one, Draft)]
        chunk = _Chunk(batch, clock.now())
        await chunk.load(drafts)
        outcomes = {draft.line: chunk.outcome(draft) for draft in drafts}
        refused = [one for one in parsed if isinstance(one, Refused)]
        outcomes |= {one.line: Outcome(one.line, "rejected", reason=one.reason) for one in refused}
        self._count(parsed, outcomes, chunk)
        return [outcomes[one.line] for one in parsed]

    def _count(self, parsed: Sequence[Draft | Refused], outcomes: Mapping[int, Outcome], chunk: _Chunk) -> None:
        counted = [
            Counted(part.unit, part.amount, outcomes[one.line].action, chunk.member_of(one.line))
            for one in parsed
            for part in one.parts
        ]
        for unit in sorted({one.key for one in counted}):
            facts = known_unit(unit)
            self.control.open(unit, unit, facts.scale)
        self.control.chunk(parsed[0].line if parsed else None, counted)


class _Chunk:
    """The rows of one chunk on their way into the ledger."""

    def __init__(self, batch: UUID, now: datetime) -> None:
        self.batch = batch
        self.now = now
        self.rows: dict[int, _Row] = {}
        self.missing: dict[int, Text] = {}

    async def load(self, drafts: Sequence[Draft]) -> None:
        """Find the members, and book what is new, unit by unit in the order that all share."""
        await self._find(drafts)
        members = await hold_members(row.member for row in self.rows.values())
        for row in self.rows.values():
            row.member = members.today[row.member]
        for unit in sorted({part.unit for row in self.rows.values() for part in row.draft.parts}):
            await self._check(unit, members)
        for unit in sorted({part.unit for row in self.rows.values() for part in row.new if row.reason is None}):
            await self._book(unit, members)

    async def _find(self, drafts: Sequence[Draft]) -> None:
        full = [draft for draft in drafts if draft.parts]
        found = await people(draft.who for draft in full)
        for draft in full:
            try:
                member = found.of(draft.who)
            except Missing as refusal:
                self.missing[draft.line] = refusal.reason
                continue
            row = self.rows[draft.line] = _Row(draft, member)
            if draft.expires_at is not None and draft.expires_at <= self.now:
                row.reason = _("this has expired already: leave the row out")

    async def _check(self, unit: str, members: HeldMembers) -> None:
        """Lock the balances of a unit, then tell rows that are booked already from new ones."""
        concerned = [row for row in self.rows.values() if any(part.unit == unit for part in row.draft.parts)]
        accounts = [account for row in concerned for account in members.accounts[row.member]]
        await Posting.open(list(dict.fromkeys(accounts)), unit)
        owners = members.owners
        known: dict[Key, _Booked] = {}
        for row in await fetch(_KNOWN, accounts, unit, SOURCE):
            key = owners[row["account"]], unit, row["source_id"]
            known[key] = _Booked(row["id"], row["amount"], row["batch"])
        here: set[Key] = set()
        for row in concerned:
            self._compare(row, unit, known, here)

    def _compare(self, row: _Row, unit: str, known: Mapping[Key, _Booked], here: set[Key]) -> None:
        for part in row.draft.parts:
            if part.unit != unit or row.reason is not None:
                continue
            key = row.member, unit, part.key
            booked = known.get(key)
            if key in here or (booked is not None and booked.batch == self.batch):
                row.reason = _("this member, unit and expiry stand in the list twice: tell them apart by a reference")
            elif booked is None:
                row.new.append(part)
            elif booked.amount == part.amount:
                row.entry = booked.entry
            else:
                row.reason = _(
                    "this balance is booked with another amount: take that import back, or correct it by hand"
                )
            here.add(key)

    async def _book(self, unit: str, members: HeldMembers) -> None:
        rows = [row for row in self.rows.values() if row.reason is None and any(p.unit == unit for p in row.new)]
        posting = await Posting.open([members.accounts[row.member][0] for row in rows], unit)
        for row in rows:
            for part in row.new:
                if part.unit == unit:
                    self._credit(posting, row, part, members)
        await posting.settle(settling(posting.now))
        await posting.write()

    def _credit(self, posting: Posting, row: _Row, part: Part, members: HeldMembers) -> None:
        draft = row.draft
        at = draft.at or self.now
        until: datetime | Term | None = term(part.unit, at) if draft.by_policy else draft.expires_at
        store = draft.store or members.stores.get(row.member)
        cause = Cause(reason=draft.reason or OPENING, source=SOURCE, source_id=part.key, at=at, store=store)
        account = members.accounts[row.member][0]
        entry = posting.credit(account, "credit", part.amount, cause, expires_at=until)
        posting.say(
            "points.credited",
            member=row.member,
            store=store,
            at=at,
            entry=entry.id,
            unit=part.unit,
            points=part.amount,
            purchase=None,
        )
        row.entry = entry.id

    def outcome(self, draft: Draft) -> Outcome:
        """What became of a row."""
        if draft.line in self.missing:
            return Outcome(draft.line, "rejected", reason=self.missing[draft.line])
        row = self.rows.get(draft.line)
        if row is None:
            return Outcome(draft.line, "unchanged")
        if row.reason is not None:
            return Outcome(draft.line, "rejected", reason=row.reason)
        return Outcome(draft.line, "created" if row.new else "unchanged", row.entry)

    def member_of(self, line: int) -> UUID | None:
        """The member of a row, where one was found."""
        row = self.rows.get(line)
        return row.member if row is not None else None
