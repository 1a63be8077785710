"""Taking a pack back for money, and letting one last longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tessera.plugin import (
    Conflict,
    emit,
    execute,
    fetch,
    in_transaction,
    ledger,
    members,
    note_audit,
    now,
    take_money,
)
from tessera_hooks import _
from tessera_wallet.desk import checked_way_out, checked_words, desk_store, end_of, wrong
from tessera_wallet.lots import left_of
from tessera_wallet.packs.reading import one_pack
from tessera_wallet.packs.rows import PackFacts
from tessera_wallet.packs.validity import worth
from tessera_wallet.permissions import REFUND_PACK

SOURCE = "wallet.pack_refund"
EXTENSION = "wallet.pack_extension"


class NotReturnable(Conflict):
    """The pack has ended, expired or is used up."""

    code = "pack_not_returnable"


@dataclass(frozen=True)
class Return:
    """What taking a pack back does: ``amount`` is paid out for ``unused`` bought sessions, ``gifted`` ones lapse."""

    unused: int
    gifted: int
    amount: int


def reckon(pack: PackFacts) -> Return:
    """Price × unused bought ÷ bought, rounded down to the minor unit; bought sessions are used before gifted ones."""
    unused = pack.unused_bought
    return Return(unused, pack.left - unused, worth(pack.price, pack.bought, unused))


async def preview_return(pack: UUID) -> tuple[PackFacts, Return]:
    """What taking a pack back would do; changes nothing."""
    found = await one_pack(pack, REFUND_PACK)
    return found, reckon(found)


async def take_back(pack: UUID, *, method: str, reason: str, store: str | None = None) -> tuple[PackFacts, Return]:
    """Take a pack back and pay out what it is worth; it ends with that."""
    await one_pack(pack, REFUND_PACK)
    here, why = desk_store(store, REFUND_PACK), checked_words(reason)
    way = checked_way_out(method)

    async def work() -> tuple[PackFacts, Return]:
        found = await _locked(pack)
        if found.state() != "open":
            raise NotReturnable(_("Nothing of this pack is left to take back."))
        done = reckon(found)
        await ledger.debit(
            found.member,
            found.unit,
            found.left,
            reason=why,
            source=SOURCE,
            source_id=found.id,
            store=here.id,
            lots_of=found.id,
            facts={"title": found.title, "unused": done.unused, "amount": done.amount, "currency": found.currency},
        )
        await execute("UPDATE wallet.pack SET ended_at = $2, refunded = $3 WHERE id = $1", pack, now(), done.amount)
        if done.amount:
            await take_money(
                SOURCE, way, -done.amount, found.currency, member=found.member, store=here.id, subject=pack
            )
        await emit(
            "wallet.pack_refunded",
            member=found.member,
            store=here.id,
            pack=pack,
            units=found.left,
            amount=done.amount,
            currency=found.currency,
        )
        await note_audit(
            "wallet.pack_refunded", member=found.member, subject=("pack", pack), store=here.id, amount=done.amount
        )
        return found, done

    return await in_transaction(work)


async def _locked(pack: UUID) -> PackFacts:
    """The pack as it stands once it is locked, its holder kept from being merged."""
    seen = await one_pack(pack, REFUND_PACK)
    await members.hold(seen.member)
    await fetch("SELECT id FROM wallet.pack WHERE id = $1 FOR UPDATE", pack)
    return await one_pack(pack, REFUND_PACK)


async def extend(pack: UUID, last_day: date, *, reason: str) -> PackFacts:
    """Let a pack be used until another day, the last on which it can be; also one that has expired already."""
    why, until = checked_words(reason), end_of(last_day)
    if until is None:
        raise wrong("until", _("give a day within a hundred years"))
    if until <= now():
        raise wrong("until", _("this day is over"))

    async def work() -> PackFacts:
        found = await _locked(pack)
        if found.state() in ("ended", "used") or found.waits_for_first_use:
            raise NotReturnable(_("This pack has no end that could be moved."))
        await _move(found, until, why)
        await execute("UPDATE wallet.pack SET expires_at = $2 WHERE id = $1", pack, until)
        await emit("wallet.pack_extended", member=found.member, store=found.store, pack=pack, until=last_day)
        await note_audit("wallet.pack_extended", member=found.member, subject=("pack", pack))
        return await one_pack(pack, REFUND_PACK)

    return await in_transaction(work)


async def _move(pack: PackFacts, until: datetime, reason: str) -> None:
    """Move the end of what is left; what the ledger has booked as expired is given anew.

    What was given anew before is left out: it is a credit of its own beside the first, and may expire again.
    """
    await ledger.extend(pack.id, until, unit=pack.unit, reason=reason, source=EXTENSION)
    lots = await ledger.lots_of(pack.id, pack.unit)
    left = await left_of(pack.id, pack.unit)
    first = min(lots, key=lambda lot: lot.entry).amount if lots else 0
    anew = left.expired - (left.amount - first)
    if anew > 0:
        await ledger.credit(
            pack.member,
            pack.unit,
            anew,
            reason=reason,
            source=EXTENSION,
            source_id=pack.id,
            expires_at=until,
            facts={"title": pack.title},
        )
