"""Credits and debits by hand: what staff book, with a reason, in points and in other units that allow it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.points.ledger import POINTS, Cause, EntryRow, Posting, settling
from tessera.points.service.booking import InsufficientBalance, take
from tessera.points.units import BY_POLICY, Term, find_unit, term
from tessera_hooks import _

__all__ = ["FARTHEST", "LARGEST", "MANUAL", "InsufficientBalance", "checked_reason", "credit", "debit"]

MANUAL = "manual"
"""The source of what someone booked by hand."""

LARGEST = 10**12

FARTHEST = timedelta(days=36525)
"""How far ahead an expiry may lie: a hundred years; beyond that nothing expires."""


async def credit(
    account: UUID,
    member: UUID,
    amount: int,
    *,
    reason: str,
    expires_at: datetime | Term | None = None,
    unit: str = POINTS,
    store: UUID | None = None,
) -> EntryRow:
    """Give an amount by hand; it pays open debt first. Without ``expires_at`` it never expires.

    ``BY_POLICY`` lets it expire as the unit's policy says.
    """
    at, reason = clock.now(), _checked(amount, reason)
    lasts = term(unit, at) if expires_at is BY_POLICY else expires_at
    if isinstance(expires_at, datetime) and expires_at <= at:
        message = _("the expiry lies in the past: give a later moment, or none")
        raise Invalid(message, [FieldError("expires_at", message)])
    if isinstance(expires_at, datetime) and expires_at > at + FARTHEST:
        message = _("the expiry lies more than a hundred years ahead: give an earlier moment, or none")
        raise Invalid(message, [FieldError("expires_at", message)])

    async def work() -> EntryRow:
        posting = await Posting.open([account], unit)
        cause = Cause(reason=reason, source=MANUAL, at=at, store=store)
        entry = posting.credit(account, "credit", amount, cause, expires_at=lasts)
        holder = posting.standings[account].member
        _say(posting, "points.credited", entry, holder)
        await posting.settle(settling(at, store))
        await posting.write()
        await _note("points.credited", holder, entry)
        return posting.told(entry)

    return await in_transaction(work)


async def debit(
    account: UUID, member: UUID, amount: int, *, reason: str, unit: str = POINTS, store: UUID | None = None
) -> EntryRow:
    """Spend an amount of all that a member has: nearest expiry first, then oldest, never-expiring last.

    Refused as a whole where less is available. The balance is locked before anything is read, so
    parallel debits never take the same points (L6).
    """
    at, reason = clock.now(), _checked(amount, reason)

    async def work() -> EntryRow:
        posting = await Posting.open([account], unit)
        cause = Cause(reason=reason, source=MANUAL, at=at, store=store)
        entry = await take(posting, account, amount, cause, floor=_floor(unit))
        holder = posting.standings[account].member
        _say(posting, "points.spent", entry, holder)
        await posting.write()
        await _note("points.debited", holder, entry)
        return entry

    return await in_transaction(work)


def _floor(unit: str) -> int:
    """How far below zero a debit by hand may go: to the unit's floor, by whoever may correct points."""
    known = find_unit(unit)
    return known.floor if known is not None and actor().may("points.adjust") else 0


def _checked(amount: int, reason: str) -> str:
    if not 0 < amount <= LARGEST:
        message = _("give a whole amount above zero")
        raise Invalid(message, [FieldError("amount", message)])
    return checked_reason(reason)


def checked_reason(reason: str) -> str:
    """A reason that someone typed, without spaces around; one is needed."""
    cleaned = " ".join(reason.split())
    if not cleaned or len(cleaned) > 200 or "\x00" in cleaned:
        message = _("say the reason in at most 200 characters")
        raise Invalid(message, [FieldError("reason", message)])
    return cleaned


async def _note(action: str, member: UUID, entry: EntryRow) -> None:
    subject = ("entry", entry.id)
    await audit.note(action, member=member, subject=subject, store=entry.store, unit=entry.unit, amount=entry.amount)


def _say(posting: Posting, kind: str, entry: EntryRow, member: UUID) -> None:
    posting.say(
        kind,
        member=member,
        store=entry.store,
        at=entry.at,
        entry=entry.id,
        unit=entry.unit,
        points=abs(entry.amount),
        purchase=None,
    )
