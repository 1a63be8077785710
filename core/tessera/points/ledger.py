"""How anything is booked: lock the balances, compute from what is locked, write everything at once.

Every change of the ledger goes through a ``Posting``. READ COMMITTED shows a statement the rows as they
were before it waited for a lock, so the lock is one statement and all that is computed comes from later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock, events
from tessera.kernel.database import fetch, fetchval, in_transaction_now
from tessera.kernel.ids import uuid7
from tessera.points.rows import LOT_ORDER, AllocationRow, EntryRow, Kind, LotRow, Standing, columns_of, write_rows
from tessera.points.units import POINTS, Term, expiry_of, term

__all__ = [
    "ERASURE",
    "LOT_ORDER",
    "POINTS",
    "UNMERGED",
    "AllocationRow",
    "Cause",
    "EntryRow",
    "Kind",
    "LotRow",
    "Posting",
    "Standing",
    "allocate",
    "by_account",
    "settling",
]

UNMERGED = "unmerge"
"""The source of what is booked when a merge is undone."""

ERASURE = "erasure"
"""The source of what is booked when a member is erased."""

ACTIVITY = frozenset({"earn", "credit", "debit"})
"""The kinds of entries by which a member earns or spends."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why something is booked: all that an entry says beside its numbers."""

    reason: str
    source: str
    at: datetime
    source_id: UUID | None = None
    purchase: UUID | None = None
    store: UUID | None = None
    rule: str | None = None
    rule_version: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    reverses: UUID | None = None


_HOLD = """
SELECT m.id FROM account a JOIN member m ON m.id = a.member WHERE a.id = ANY($1) ORDER BY m.id FOR KEY SHARE OF m
"""
"""Keeps the members of accounts from being merged, and waits for a merge that is under way."""

_LOCK = """
SELECT s.member, b.account, b.balance, b.debt, b.seq FROM account s JOIN balance b ON b.account = s.id
WHERE b.unit = $2 AND s.member IN (SELECT member FROM account WHERE id = ANY($1)) ORDER BY b.account FOR UPDATE OF b
"""
"""The balances of some accounts, and of all others of the same members."""

_OPEN_ACCOUNTS = """
INSERT INTO balance (id, account, unit, balance, debt, seq)
SELECT id, account, $3, 0, 0, 0 FROM unnest($1::uuid[], $2::uuid[]) AS t (id, account) ORDER BY account
ON CONFLICT (account, unit) DO NOTHING
"""

_LOTS = f"""
SELECT {columns_of(LotRow)} FROM lot
WHERE account = ANY($1) AND unit = $2 AND remaining > 0 ORDER BY {LOT_ORDER} FOR UPDATE
"""


class Posting:
    """Entries of one unit on locked accounts: ``open``, then credits and debits, then ``write``."""

    def __init__(self, unit: str, standings: dict[UUID, Standing]) -> None:
        self.unit = unit
        self.standings = standings
        self.now = clock.now()
        self.entries: list[EntryRow] = []
        self.new_lots: dict[UUID, LotRow] = {}
        self.changed_lots: dict[UUID, LotRow] = {}
        self.allocations: list[AllocationRow] = []
        self.events: list[tuple[Any, ...]] = []
        someone = actor()
        self._actor = str(someone.label), someone.staff_id or someone.key_id

    @classmethod
    async def open(cls, accounts: Sequence[UUID], unit: str = POINTS, *, held: bool = False) -> Posting:
        """Lock the balances of accounts and of all others of the same members, in an order that all share.

        Accounts without a row get one. No member is merged until the unit of work ends; ``held`` says that
        the caller has seen to that already.
        """
        if not in_transaction_now():
            raise RuntimeError("the ledger was opened outside a unit of work: book inside in_transaction")
        wanted = list(dict.fromkeys(accounts))
        while True:
            known = None if held else {row["id"] for row in await fetch(_HOLD, wanted)}
            found = await fetch(_LOCK, wanted, unit)
            missing = set(wanted) - {row["account"] for row in found}
            if missing:
                new = sorted(missing)
                await fetchval(_OPEN_ACCOUNTS, [uuid7() for _ in new], new, unit)
                found = await fetch(_LOCK, wanted, unit)
            if known is None or known.issuperset(row["member"] for row in found):
                return cls(unit, {row["account"]: Standing(**dict(row)) for row in found})

    def beside(self, account: UUID) -> list[UUID]:
        """An account and all others of the same member, those without a balance left out."""
        member = self.standings[account].member
        return [one.account for one in self.standings.values() if one.member == member]

    async def lots(self, *accounts: UUID) -> list[LotRow]:
        """The lots of accounts with anything left, as this posting leaves them, in the order of spending."""
        found = {row["id"]: LotRow(**dict(row)) for row in await fetch(_LOTS, list(accounts), self.unit)}
        for lot in (*self.changed_lots.values(), *self.new_lots.values()):
            if lot.account in accounts:
                found[lot.id] = lot
        return sorted((lot for lot in found.values() if lot.remaining), key=lambda lot: lot.place)

    def current(self, lot: LotRow) -> LotRow:
        """A lot as this posting leaves it."""
        return self.changed_lots.get(lot.id, lot)

    async def settle(self, cause: Cause) -> None:
        """Let what is owed on one account of a member be paid by what others of theirs hold.

        Debt is paid first, wherever it stands (L2): out of the same account by an entry of its own, which moves
        nothing, else by a pair of entries, so that every account stays true for itself; the second names the
        first as its source.
        """
        for member in {one.member for one in self.standings.values() if one.debt}:
            accounts = [one.account for one in self.standings.values() if one.member == member]
            lots = [lot for lot in await self.lots(*accounts) if not lot.is_over(self.now)]
            for debtor in [account for account in accounts if self.standings[account].debt]:
                own, _missing = allocate([lot for lot in lots if lot.account == debtor], self.standings[debtor].debt)
                if own:
                    self._pay_own(debtor, own, cause)
                others = [lot for lot in lots if lot.account != debtor]
                taken, _missing = allocate(others, self.standings[debtor].debt)
                for donor, parts in by_account(taken).items():
                    self._transfer(donor, debtor, parts, cause)

    def _pay_own(self, account: UUID, parts: Sequence[tuple[LotRow, int]], cause: Cause) -> None:
        paid = sum(part for _lot, part in parts)
        entry = self._entry(account, "transfer", 0, cause, debt_change=-paid)
        for lot, part in parts:
            self.move(entry, lot, part)

    def _transfer(self, donor: UUID, debtor: UUID, parts: Sequence[tuple[LotRow, int]], cause: Cause) -> None:
        given = self.debit(donor, "transfer", parts, cause)
        self.credit(debtor, "transfer", -given.amount, replace(cause, source_id=given.id), expires_at=None)

    def told(self, entry: EntryRow, amount: int | None = None) -> EntryRow:
        """An entry as the member sees it: with the balance over all of their accounts."""
        balance = sum(self.standings[account].balance for account in self.beside(entry.account))
        return msgspec.structs.replace(entry, balance=balance, amount=entry.amount if amount is None else amount)

    def credit(
        self,
        account: UUID,
        kind: Kind,
        amount: int,
        cause: Cause,
        *,
        expires_at: datetime | Term | None,
        opens_at: datetime | None = None,
    ) -> EntryRow:
        """Book a credit: it pays what is owed first, and the rest is a lot, open from ``opens_at`` on.

        What opens later pays at once too. Otherwise a member would owe beside what is theirs, and whether the
        lot was spent or had paid when it expired would hang on when a job had run.
        """
        lasts = expires_at if isinstance(expires_at, Term) else Term(expires_at)
        paid = min(self.standings[account].debt, amount)
        told = _of_lot(cause, opens_at, idle=lasts.idle)
        entry = self._entry(account, kind, amount, told, debt_change=-paid, expires_at=lasts.expires_at)
        lot = LotRow(
            uuid7(),
            account,
            self.unit,
            entry.id,
            cause.purchase,
            amount,
            amount - paid,
            opens_at or cause.at,
            lasts.expires_at,
            lasts.idle,
        )
        self.new_lots[lot.id] = lot
        if paid:
            self.allocations.append(AllocationRow(uuid7(), entry.id, lot.id, paid))
        return entry

    def debit(
        self,
        account: UUID,
        kind: Kind,
        taken: Sequence[tuple[LotRow, int]],
        cause: Cause,
        *,
        owed: int = 0,
        forgiven: int = 0,
    ) -> EntryRow:
        """Book a debit: what it takes from which lots, and what becomes a debt."""
        amount = sum(part for _, part in taken) + owed
        entry = self._entry(account, kind, -amount, cause, debt_change=owed, forgiven=forgiven)
        for lot, part in taken:
            self.move(entry, lot, part)
        return entry

    def restore(
        self,
        account: UUID,
        given: Sequence[tuple[LotRow, int]],
        cause: Cause,
        *,
        debt: int = 0,
        kind: Kind = "undo",
        anew: int = 0,
    ) -> EntryRow:
        """Book the opposite of a debit: what goes back into which lots, and what is owed no longer.

        ``anew`` is what opens as a lot of its own, as the unit's policy says: the lot that had paid is not known.
        """
        amount = sum(part for _, part in given) + debt + anew
        lasts = term(self.unit, self.now) if anew else Term()
        told = _of_lot(cause, None, idle=lasts.idle)
        entry = self._entry(account, kind, amount, told, debt_change=-debt, expires_at=lasts.expires_at)
        for lot, part in given:
            self.move(entry, lot, -part)
        if anew:
            opened = LotRow(
                uuid7(), account, self.unit, entry.id, None, anew, anew, self.now, lasts.expires_at, lasts.idle
            )
            self.new_lots[opened.id] = opened
        return entry

    def extend(self, account: UUID, lots: Sequence[LotRow], cause: Cause, *, until: datetime) -> EntryRow:
        """Book that lots last until another moment; nothing else changes."""
        entry = self._entry(account, "extend", 0, cause, debt_change=0)
        self.prolong(entry, lots, until)
        return entry

    def prolong(self, entry: EntryRow, lots: Iterable[LotRow], until: datetime) -> None:
        """Let lots last until another moment on account of an entry; one entry gives one moment."""
        entry.moves_to = until
        for lot in lots:
            lot.expires_at, lot.moved_by = until, entry.id
            if lot.id not in self.new_lots:
                self.changed_lots[lot.id] = lot

    def move(self, entry: EntryRow, lot: LotRow, part: int) -> None:
        """Take a part from a lot on account of an entry; a negative part gives back."""
        lot.remaining -= part
        if lot.id not in self.new_lots:
            self.changed_lots[lot.id] = lot
        self.allocations.append(AllocationRow(uuid7(), entry.id, lot.id, part))

    def _entry(
        self,
        account: UUID,
        kind: Kind,
        amount: int,
        cause: Cause,
        *,
        debt_change: int,
        forgiven: int = 0,
        expires_at: datetime | None = None,
    ) -> EntryRow:
        standing = self.standings[account]
        standing.balance += amount
        standing.debt += debt_change
        standing.seq += 1
        entry = EntryRow(
            id=uuid7(),
            account=account,
            unit=self.unit,
            seq=standing.seq,
            kind=kind,
            amount=amount,
            balance=standing.balance,
            debt_change=debt_change,
            forgiven=forgiven,
            at=cause.at,
            recorded_at=self.now,
            expires_at=expires_at,
            reason=cause.reason,
            rule=cause.rule,
            facts=cause.facts,
            purchase=cause.purchase,
            source=cause.source,
            source_id=cause.source_id,
            store=cause.store,
            actor=self._actor[0],
            actor_id=self._actor[1],
            origin=events.current_origin(),
            batch=events.current_batch(),
            reverses=cause.reverses,
            rule_version=cause.rule_version,
        )
        self.entries.append(entry)
        return entry

    def say(self, kind: str, *, member: UUID | None, store: UUID | None, at: datetime, **payload: Any) -> None:
        """Add an event that is written together with the entries."""
        self.events.append(events.event_row(kind, member=member, store=store, occurred_at=at, **payload))

    async def write(self) -> None:
        """Write all of it in one statement."""
        if self.entries and expiry_of(self.unit).kind == "inactivity":
            await self._keep_alive()
        if self.entries:
            await write_rows(
                self.unit,
                entries=self.entries,
                new_lots=self.new_lots.values(),
                changed_lots=self.changed_lots.values(),
                allocations=self.allocations,
                standings=self.standings.values(),
                said=self.events,
            )

    async def _keep_alive(self) -> None:
        """Let what lives by activity last on where a member has earned or spent.

        All such lots of a member end together; one that the clock has closed stays closed.
        """
        active = [entry for entry in self.entries if entry.kind in ACTIVITY]
        for member in {self.standings[entry.account].member for entry in active}:
            mine = [entry for entry in active if self.standings[entry.account].member == member]
            lots = await self.lots(*self.beside(mine[-1].account))
            alive = [lot for lot in lots if lot.idle and (lot.id in self.new_lots or not lot.is_over(self.now))]
            ends = [lot.expires_at for lot in alive if lot.expires_at is not None]
            by_this = term(self.unit, max(entry.at for entry in mine)).expires_at
            if by_this is not None and ends:
                until = max(by_this, *ends)
                self.prolong(mine[-1], [lot for lot in alive if lot.expires_at != until], until)


def _of_lot(cause: Cause, opens_at: datetime | None, *, idle: bool) -> Cause:
    """A cause whose facts say what cannot be seen in the entry of a lot, so that verification knows it."""
    told: dict[str, Any] = {"idle": True} if idle else {}
    if opens_at is not None and opens_at != cause.at:
        told["opens_at"] = opens_at.isoformat()
    return replace(cause, facts={**cause.facts, **told}) if told else cause


def by_account(taken: Sequence[tuple[LotRow, int]]) -> dict[UUID, list[tuple[LotRow, int]]]:
    """What is taken from which lots, account by account: each gets an entry of its own."""
    found: dict[UUID, list[tuple[LotRow, int]]] = {}
    for lot, part in taken:
        found.setdefault(lot.account, []).append((lot, part))
    return found


def settling(at: datetime, store: UUID | None = None) -> Cause:
    """Why one account of a member pays what another owes."""
    return Cause(reason="settled between accounts", source="settle", at=at, store=store)


def allocate(lots: Sequence[LotRow], amount: int) -> tuple[list[tuple[LotRow, int]], int]:
    """Take an amount from lots in their order: what comes from which, and what they do not hold."""
    taken: list[tuple[LotRow, int]] = []
    for lot in lots:
        if amount == 0:
            break
        part = min(lot.remaining, amount)
        if part:
            taken.append((lot, part))
            amount -= part
    return taken, amount
