"""Holding a membership for some days, which makes its end later by as many, and giving it to someone else."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tessera.plugin import actor, emit, execute, fetchrow, in_transaction, members, note_audit, now, uuid7
from tessera_hooks import _
from tessera_wallet.desk import NEVER
from tessera_wallet.memberships.contract import REFUND, Held, Hold, HoldRefused, MembershipUnknown, TransferRefused
from tessera_wallet.memberships.reading import locked, note_change
from tessera_wallet.memberships.selling import refuse_over
from tessera_wallet.memberships.terms import DAY, Span, by_year, overlap

LONGEST_REASON = 200


async def hold(id_: UUID, from_on: date, until_on: date, *, reason: str = "", store: UUID | None = None) -> Held:
    """Let a membership rest from a day until a day, both inclusive; its end is later by as many days.

    The membership is locked first, so that two holds at once cannot overlap nor pass the limit together.
    """

    async def work() -> Held:
        held = await locked(id_)
        refuse_over(held)
        span = (from_on, until_on)
        _refuse_span(held, span)
        _refuse_above_limit(held, span)
        await execute(
            "INSERT INTO wallet.membership_hold (id, membership, from_on, until_on, reason, made_at) "
            "VALUES ($1, $2, $3, $4, $5, $6)",
            uuid7(),
            id_,
            from_on,
            until_on,
            " ".join(reason.split())[:LONGEST_REASON],
            now(),
        )
        await _move_end(id_, (until_on - from_on).days + 1)
        await note_change(id_, "held", from_on=from_on, until_on=until_on)
        await emit(
            "wallet.membership_held",
            member=held.member,
            store=store,
            membership=id_,
            from_on=from_on,
            until_on=until_on,
        )
        await note_audit("wallet.membership_held", member=held.member, subject=("membership", id_), store=store)
        return await locked(id_)

    return await in_transaction(work)


def _refuse_span(held: Held, span: Span) -> None:
    from_on, until_on = span
    if until_on < from_on:
        raise HoldRefused(_("the last day is before the first"), field="until_on")
    if held.starts_on is None or held.ends_on is None:
        raise HoldRefused(_("it has not begun: there is nothing to hold"))
    if held.ends_on.year >= NEVER:
        raise HoldRefused(_("it never ends: there is nothing to hold"))
    if from_on < held.day and not actor().may(REFUND):
        raise HoldRefused(_("a hold begins today or later"), field="from_on")
    if not held.starts_on <= from_on <= held.ends_on:
        raise HoldRefused(_("it holds until {day}: begin within", day=held.ends_on.isoformat()), field="from_on")
    if any(overlap(span, other) for other in held.spans):
        raise HoldRefused(_("it is on hold on some of these days already"))


def _refuse_above_limit(held: Held, span: Span) -> None:
    """Refuse more days of a calendar year than the product allows."""
    had: dict[int, int] = {}
    for other in held.spans:
        for year, days in by_year(other).items():
            had[year] = had.get(year, 0) + days
    for year, days in by_year(span).items():
        left = held.product.hold_days - had.get(year, 0)
        if days > left:
            raise HoldRefused(
                _("in {year} it can be held for {n} more days", year=str(year), n=max(0, left)), left=max(0, left)
            )


async def _move_end(id_: UUID, days: int) -> None:
    await execute("UPDATE wallet.membership SET ends_on = ends_on + $2::int WHERE id = $1", id_, days)


async def end_hold(id_: UUID, hold_id: UUID, *, store: UUID | None = None) -> Held:
    """End a hold today: today counts again, and the end comes nearer by the days that are not held."""

    async def work() -> Held:
        held = await locked(id_)
        refuse_over(held)
        found = next((one for one in held.holds if one.id == hold_id), None)
        if found is None or found.until_on < held.day:
            raise MembershipUnknown(_("there is no such hold that still runs"))
        await _shorten(found, held.day)
        given_back = (found.until_on - max(found.from_on, held.day)).days + 1
        await _move_end(id_, -given_back)
        await note_change(id_, "hold_ended", from_on=found.from_on, until_on=held.day - DAY)
        await note_audit("wallet.membership_hold_ended", member=held.member, subject=("membership", id_), store=store)
        return await locked(id_)

    return await in_transaction(work)


async def _shorten(hold_: Hold, today: date) -> None:
    if hold_.from_on >= today:
        await execute("DELETE FROM wallet.membership_hold WHERE id = $1", hold_.id)
    else:
        await execute("UPDATE wallet.membership_hold SET until_on = $2 WHERE id = $1", hold_.id, today - DAY)


async def transfer(id_: UUID, other: UUID, *, store: UUID | None = None) -> Held:
    """Give a membership to another member, with its days and its holds; who paid stays who paid."""

    async def work() -> Held:
        row = await fetchrow("SELECT member FROM wallet.membership WHERE id = $1", id_)
        before = row["member"] if row is not None else other
        after = (await members.hold_all([other, before]))[other]
        held = await locked(id_)
        refuse_over(held)
        if after == held.member:
            raise TransferRefused(_("it is this member's already"), field="other")
        await execute("UPDATE wallet.membership SET member = $2 WHERE id = $1", id_, after)
        await note_change(id_, "transferred", other=held.member)
        for member in (held.member, after):
            await emit("wallet.membership_transferred", member=member, store=store, membership=id_, to=after)
        await note_audit("wallet.membership_transferred", member=after, subject=("membership", id_), store=store)
        return await locked(id_)

    return await in_transaction(work)
