"""Reversing by hand: which entries staff may take back, and where the others are taken back."""

from __future__ import annotations

from uuid import UUID

from tessera.access import audit
from tessera.kernel.database import fetchval, in_transaction
from tessera.kernel.plugins import host
from tessera.members.service import is_visible
from tessera.points.ledger import ERASURE, Cause, EntryRow, Posting, settling
from tessera.points.service.reversing import EntryUnknown, NotReversible, find_entry, reverse_on
from tessera.points.service.spending import MANUAL, checked_reason
from tessera.points.units import find_unit
from tessera_hooks import Text, _

_HOLDER = "SELECT a.member FROM entry e JOIN account a ON a.id = e.account WHERE e.id = $1"

_owners: dict[str, Text] = {
    ERASURE: _("this entry follows from others: take those back instead"),
    "write_off": _("this entry follows from others: take those back instead"),
}


def owned(source: str, sentence: Text) -> None:
    """Let entries of a source be taken back only where they come from; the sentence says where that is."""
    _owners[source] = sentence


async def holder_of(entry: UUID, permission: str) -> UUID:
    """The member whose entry it is; one that the actor may not see is as good as none."""
    member: UUID | None = await fetchval(_HOLDER, entry)
    if member is None or not await is_visible(member, permission):
        raise EntryUnknown
    return member


def why_not(entry: EntryRow) -> Text | None:
    """What to do instead of reversing an entry by hand; ``None`` where that is right."""
    unit, plugin = find_unit(entry.unit), host().plugins.get(entry.source.partition(".")[0])
    if entry.kind not in ("earn", "credit", "debit"):
        return _("this entry follows from others: take those back instead")
    if entry.source in _owners:
        return _owners[entry.source]
    if entry.purchase is not None:
        return _("this entry belongs to a purchase: record a return of it")
    if plugin is not None or unit is None or not unit.by_hand:
        name = plugin.manifest.title if plugin is not None else entry.unit.partition(".")[0]
        return _("{plugin} has booked this entry: take it back there", plugin=name)
    return None


async def reverse_by_hand(entry: UUID, *, reason: str, store: UUID | None = None) -> EntryRow:
    """Take back all that is left of an entry; a correction with its own reason, nothing is changed."""
    why = checked_reason(reason)

    async def work() -> EntryRow:
        known = await find_entry(entry)
        instead = why_not(known)
        if instead is not None:
            raise NotReversible(instead)
        posting = await Posting.open([known.account], known.unit)
        booked = await reverse_on(posting, known, Cause(reason=why, source=MANUAL, at=posting.now, store=store))
        if booked is None:
            raise AssertionError("without a share a reversal books something")
        holder = posting.standings[known.account].member
        posting.say(
            "points.reversed",
            member=holder,
            store=store,
            at=posting.now,
            entry=booked.id,
            unit=known.unit,
            points=abs(booked.amount),
        )
        await posting.settle(settling(posting.now, store))
        await posting.write()
        await audit.note(
            "points.reversed",
            member=holder,
            subject=("entry", booked.id),
            store=store,
            unit=known.unit,
            amount=booked.amount,
            reversed=str(known.id),
        )
        return booked

    return await in_transaction(work)
