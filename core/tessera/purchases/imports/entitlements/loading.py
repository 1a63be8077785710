"""Handing a chunk of entitlements to the plugins that keep them: each row once, each refusal for itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import DB, execute, fetch
from tessera.kernel.errors import DomainError
from tessera.kernel.ids import uuid7
from tessera.kernel.money import minor_digits
from tessera.kernel.tabular import Row
from tessera.members.imports import Outcome
from tessera.members.imports.control import Control, Counted
from tessera.members.imports.held import HeldMembers, hold_members
from tessera.members.imports.whose import Missing, People, people
from tessera.purchases.imports.entitlements.kinds import Known, plan
from tessera.purchases.imports.entitlements.reading import Draft, Reader, Refused
from tessera_hooks import Entitlement, Text, _

KIND = "entitlements"

_KNOWN = """
SELECT account, kind, fingerprint, contents, subject, batch FROM brought_entitlement
WHERE account = ANY($1) AND fingerprint = ANY($2)
"""

_BROUGHT = """
INSERT INTO brought_entitlement (id, kind, account, fingerprint, contents, subject, batch)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

Key = tuple[UUID, str, bytes]
"""Member, kind and fingerprint."""


@dataclass
class _Members:
    """Whom the rows of a chunk mean, and what was brought for them: contents, subject and batch."""

    found: People
    held: HeldMembers
    known: dict[Key, tuple[bytes, UUID, UUID]]


class EntitlementLoader:
    """Imports entitlements of every kind that plugins declare."""

    def __init__(
        self,
        source: str,
        mapping: Mapping[str, str] | None = None,
        *,
        kind: str = "",
        store: UUID | None = None,
        currency: str,
    ) -> None:
        self.source = source
        self.mapping = mapping or {}
        self.kind = kind
        self.store = store
        self.currency = currency
        self.control = Control()
        self.reader: Reader

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means, and say which are ignored."""
        decided = plan(columns, self.mapping, self.kind)
        self.reader = Reader(decided, self.source, self.kind, self.store, self.currency)
        return decided.remarks

    def group(self, row: Row) -> Hashable | None:
        """Entitlements stand alone."""
        return None

    def parse(self, rows: Sequence[Row]) -> list[Draft | Refused]:
        """The rows as values."""
        return [self.reader.draft(row) for row in rows]

    async def load(self, parsed: list[Draft | Refused], batch: UUID) -> Sequence[Outcome]:
        """Bring a chunk and say what became of each row."""
        drafts = [one for one in parsed if isinstance(one, Draft)]
        members = await _members(drafts)
        outcomes: list[Outcome] = []
        counted: list[Counted] = []
        for one in parsed:
            member = None
            if isinstance(one, Draft):
                member, outcome = await self._bring(one, members, batch)
            else:
                outcome = Outcome(one.line, "rejected", reason=one.why)
            outcomes.append(outcome)
            counted += self._counted(one, outcome.action, member)
        self.control.chunk(parsed[0].line if parsed else None, counted)
        return outcomes

    async def _bring(self, draft: Draft, members: _Members, batch: UUID) -> tuple[UUID | None, Outcome]:
        try:
            member = members.held.today[members.found.of(draft.who)]
        except Missing as refusal:
            return None, Outcome(draft.line, "rejected", reason=refusal.reason)
        key = member, draft.kind.name, draft.fingerprint
        if key in members.known:
            return member, _known(draft, members.known[key], batch)
        entitlement = Entitlement(
            member=member,
            store=draft.store or members.held.stores.get(member),
            at=draft.at or clock.now(),
            currency=draft.currency,
            reference=draft.reference,
            batch=batch,
            values=draft.values,
        )
        before = await DB.current_transaction.get().savepoint()  # type: ignore[union-attr]
        try:
            subject = await draft.kind.kind.bring(entitlement)
        except DomainError as refusal:
            await before.rollback_to()
            await before.release()
            return member, Outcome(draft.line, "rejected", reason=refusal.text)
        await before.release()
        account = members.held.accounts[member][0]
        await execute(_BROUGHT, uuid7(), draft.kind.name, account, draft.fingerprint, draft.contents, subject, batch)
        members.known[key] = (draft.contents, subject, batch)
        return member, Outcome(draft.line, "created", subject)

    def _counted(self, one: Draft | Refused, became: str, member: UUID | None) -> Iterator[Counted]:
        if one.kind is None:
            return
        currency = one.currency if isinstance(one, Draft) else self.currency
        self.control.open(one.kind.name, one.kind.name)
        yield Counted(one.kind.name, 1, became, member)
        for key, amount, scale in _sums(one.kind, one.values, currency):
            self.control.open(key, key, scale)
            yield Counted(key, amount, became, member)


def _sums(kind: Known, values: Mapping[str, Any], currency: str) -> Iterator[tuple[str, int | Decimal, int]]:
    for field in kind.kind.fields:
        if field.total and field.name in values:
            money = field.type == "money"
            key = f"{kind.name}.{field.name}" + (f" {currency}" if money else "")
            yield key, values[field.name], minor_digits(currency) if money else 0


def _known(draft: Draft, stored: tuple[bytes, UUID, UUID], batch: UUID) -> Outcome:
    contents, subject, brought_by = stored
    if brought_by == batch:
        reason = _("this row stands in the list twice: tell them apart by a reference")
        return Outcome(draft.line, "rejected", reason=reason)
    if contents != draft.contents:
        reason = _("this reference was brought with other contents: take that import back, or correct it by hand")
        return Outcome(draft.line, "rejected", reason=reason)
    return Outcome(draft.line, "unchanged", subject)


async def _members(drafts: Sequence[Draft]) -> _Members:
    """Hold the members of a chunk, with what was brought for them already."""
    found = await people(draft.who for draft in drafts)
    held = await hold_members(one for draft in drafts if (one := found.find(draft.who)) is not None)
    owners = held.owners
    known: dict[Key, tuple[bytes, UUID, UUID]] = {}
    for row in await fetch(_KNOWN, list(owners), [draft.fingerprint for draft in drafts]):
        key = owners[row["account"]], row["kind"], bytes(row["fingerprint"])
        known[key] = bytes(row["contents"]), row["subject"], row["batch"]
    return _Members(found, held, known)
