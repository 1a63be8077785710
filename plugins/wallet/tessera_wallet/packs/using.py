"""Using sessions at the desk, and undoing that: nearest expiry first, by the member or someone of the household."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tessera.plugin import (
    Conflict,
    NotFound,
    actor,
    business,
    emit,
    execute,
    fetch,
    in_transaction,
    ledger,
    members,
    note_audit,
    now,
    record_visit,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet.desk import checked_words, desk_store, wrong
from tessera_wallet.packs.reading import PackUnknown, usable_by
from tessera_wallet.packs.rows import PackFacts
from tessera_wallet.packs.validity import ends
from tessera_wallet.permissions import REDEEM

SOURCE = "wallet.pack_use"
MOST = 100
"""Sessions that are used at once at most."""


class NoSessionLeft(Conflict):
    """Fewer sessions can be used than are asked for; ``available`` says how many."""

    code = "no_session_left"


class RedemptionUnknown(NotFound):
    """There is no such use of sessions, or none that this actor may see."""

    code = "redemption_unknown"


class AlreadyUndone(Conflict):
    """The use of these sessions was undone before."""

    code = "already_undone"


class PackGivenBack(Conflict):
    """The pack was paid out since: a session that went back into it could be neither used nor paid out."""

    code = "pack_given_back"


@dataclass(frozen=True)
class Redemption:
    """Sessions that were used: from which packs how many, and how many can still be used of what was asked for."""

    id: UUID
    member: UUID
    units: int
    packs: tuple[tuple[UUID, int], ...]
    left: int


async def use(
    member: UUID, *, units: int = 1, kind: str | None = None, pack: UUID | None = None, store: str | None = None
) -> Redemption:
    """Use sessions of one pack, or of a kind from all packs that the member can use.

    The packs are locked before what is left of them is read, so that the last session goes to one of several
    desks. Where several packs hold the kind, the one that ends first is drawn on first.
    """
    who = await members.need_visible(member, REDEEM)
    here = desk_store(store, REDEEM)
    if not 1 <= units <= MOST:
        raise wrong("units", _("between 1 and {most} sessions", most=MOST))

    async def work() -> Redemption:
        holder = await members.hold(who)
        usable = await _locked(holder, here.id, kind, pack)
        left = sum(one.left for one in usable)
        if left < units:
            raise NoSessionLeft(_("only {left} sessions can be used here", left=left), available=left)
        done = await _draw(usable, holder, units, here.id)
        await record_visit(holder, here.id, kind="wallet.session")
        await emit("wallet.session_used", member=holder, store=here.id, redemption=done.id, units=units)
        await note_audit("wallet.session_used", member=holder, subject=("redemption", done.id), units=units)
        return done

    return await in_transaction(work)


async def _locked(member: UUID, store: UUID, kind: str | None, pack: UUID | None) -> list[PackFacts]:
    """The packs that may be drawn on, locked, as they stand after the lock."""
    wanted = [one.id for one in _asked_for(await usable_by(member, None), kind, pack)]
    if pack is not None and not wanted:
        raise PackUnknown(_("There is no such pack that could be used."))
    await fetch("SELECT id FROM wallet.pack WHERE id = ANY($1) ORDER BY id FOR UPDATE", wanted)
    return _asked_for(await usable_by(member, store), kind, pack)


def _asked_for(packs: list[PackFacts], kind: str | None, pack: UUID | None) -> list[PackFacts]:
    return [one for one in packs if (pack is None or one.id == pack) and (kind is None or one.kind == kind)]


async def _draw(usable: list[PackFacts], member: UUID, units: int, store: UUID) -> Redemption:
    redemption, wanted = uuid7(), units
    taken: list[tuple[UUID, int]] = []
    for pack in usable:
        part = min(pack.left, wanted)
        if part:
            await _begin(pack)
            await _take(redemption, pack, member, part, store)
            taken.append((pack.id, part))
            wanted -= part
    left = sum(pack.left for pack in usable) - units
    return Redemption(redemption, member, units, tuple(taken), left)


async def _begin(pack: PackFacts) -> None:
    """Note the first use, from which the validity may begin."""
    if pack.first_used_at is not None:
        return
    at = now()
    until = pack.expires_at
    if pack.waits_for_first_use:
        until = ends(pack.validity, pack.validity_n, at, business().timezone)
        if until is not None:
            reason = _("Valid from the first use")
            await ledger.extend(pack.id, until, unit=pack.unit, reason=reason, source=SOURCE)
    await execute("UPDATE wallet.pack SET first_used_at = $2, expires_at = $3 WHERE id = $1", pack.id, at, until)


_INSERT = """
INSERT INTO wallet.pack_use (id, redemption, pack, member, units, entry, store, staff, at, undone_because)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '')
"""


async def _take(redemption: UUID, pack: PackFacts, member: UUID, units: int, store: UUID) -> None:
    """Take sessions from the holder's pack; who used them stands beside."""
    id_ = uuid7()
    entry = await ledger.debit(
        pack.member,
        pack.unit,
        units,
        reason=_("Session used"),
        source=SOURCE,
        source_id=id_,
        store=store,
        lots_of=pack.id,
        facts={"title": pack.title, "other": member != pack.member},
    )
    staff = actor().staff_id
    await execute(_INSERT, id_, redemption, pack.id, member, units, entry.id, store, staff, now())


async def _last_as_long(pack: UUID) -> None:
    """Let a pack that has expired be used for as long as the ledger gives to what went back into it."""
    given = [lot.expires_at for lot in await ledger.lots_of(pack) if lot.open and lot.remaining]
    if None not in given:
        sql = "UPDATE wallet.pack SET expires_at = $2 WHERE id = $1 AND expires_at < $2"
        await execute(sql, pack, max((at for at in given if at is not None), default=None))


_USES = """
SELECT u.id, u.pack, u.entry, u.units, u.member, u.store, u.undone_at, p.member AS holder, p.ended_at
FROM wallet.pack_use u
JOIN wallet.pack p ON p.id = u.pack WHERE u.redemption = $1 ORDER BY u.pack FOR UPDATE OF u, p
"""


async def undo(redemption: UUID, *, reason: str) -> None:
    """Give used sessions back to the very packs they came from; a validity that began with them goes on.

    A pack that has expired meanwhile lasts as long as the ledger restores what had expired, if it does.
    """
    why = checked_words(reason)

    async def work() -> None:
        rows = await fetch(_USES, redemption)
        if not rows or not await members.is_visible(rows[0]["holder"], REDEEM):
            raise RedemptionUnknown(_("There is no such use of sessions."))
        if any(row["undone_at"] is not None for row in rows):
            raise AlreadyUndone(_("This was undone before."))
        if any(row["ended_at"] is not None for row in rows):
            raise PackGivenBack(_("The pack was paid out since: nothing goes back into it."))
        for row in rows:
            await ledger.reverse(row["entry"], reason=why, source=SOURCE, source_id=row["id"], store=row["store"])
            await _last_as_long(row["pack"])
        sql = "UPDATE wallet.pack_use SET undone_at = $2, undone_because = $3 WHERE redemption = $1"
        await execute(sql, redemption, now(), why)
        first = rows[0]
        units = sum(row["units"] for row in rows)
        await emit(
            "wallet.session_undone", member=first["member"], store=first["store"], redemption=redemption, units=units
        )
        subject = ("redemption", redemption)
        await note_audit("wallet.session_undone", member=first["member"], subject=subject, units=units)

    await in_transaction(work)
