"""Someone's time at a till: opened with what is in the drawer, ended with what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.members.service import stores_seen
from tessera.purchases.service.checking import AHEAD, LARGEST, store_for
from tessera.purchases.service.shift_figures import ShiftFacts, moved_in, needs_note, to_count
from tessera_hooks import _

LONGEST_NOTE = 500


class ShiftUnknown(NotFound):
    """There is no such shift in the actor's stores."""

    code = "shift_unknown"


class ShiftOpen(Conflict):
    """Whoever opens a shift has one there already."""

    code = "shift_open"


class ShiftEnded(Conflict):
    """The shift was ended already."""

    code = "shift_ended"


class ExpectedChanged(Conflict):
    """Something was sold since the difference was shown."""

    code = "expected_changed"


_CURRENT = """
SELECT id FROM shift
WHERE staff = $1 AND store IS NOT DISTINCT FROM $2 AND closed_at IS NULL AND opened_at <= $3 FOR SHARE
"""

SHIFTS = """
SELECT s.id, s.store, s.staff, p.name AS person, NOT p.active AS has_left, s.currency, s.opened_at, s.opening,
       s.closed_at, c.name AS closed_by, s.expected, s.counted, s.note
FROM shift s JOIN staff p ON p.id = s.staff LEFT JOIN staff c ON c.id = s.closed_by
"""


async def current_shift(store: UUID | None, staff: UUID | None = None, *, at: datetime | None = None) -> UUID | None:
    """The open shift in a store of whoever acts, or of ``staff`` where a program acts; ``None`` without one.

    The money lies with whoever is at the till, also where the sale is a colleague's. Ask inside the unit of work
    that sells: the shift cannot end before that is over, and one that ends at this moment is waited for and no
    longer answered. ``at`` is when the money moved, now unless given: what a till sends later, from before the
    shift began, is in another drawer.
    """
    who = actor().staff_id or staff
    if who is None:
        return None
    found: UUID | None = await fetchval(_CURRENT, who, store, (at or clock.now()) + AHEAD)
    return found


async def open_shift(opening: int, *, store: str | None = None) -> UUID:
    """Begin one's shift in a store with what is in the drawer, in minor units of the store's currency."""
    someone = actor()
    if someone.staff_id is None:
        raise Forbidden(_("Only people have shifts."))
    place = store_for(store)
    _check_amount("opening", opening)
    place_id, currency = (place.id, place.currency) if place else (None, business().currency)

    async def work() -> UUID:
        id_: UUID | None = await fetchval(
            "INSERT INTO shift (id, store, staff, currency, opened_at, opening, note) "
            "VALUES ($1, $2, $3, $4, $5, $6, '') ON CONFLICT DO NOTHING RETURNING id",
            uuid7(),
            place_id,
            someone.staff_id,
            currency,
            clock.now(),
            opening,
        )
        if id_ is None:
            raise ShiftOpen(_("your shift in this store is open already"))
        await audit.note("shifts.opened", subject=("shift", id_), store=place_id, opening=opening)
        await emit("shift.opened", store=place_id, shift=id_)
        return id_

    return await in_transaction(work)


async def shift(id_: UUID, permission: str = "purchases.read") -> ShiftFacts:
    """One shift of the actor's stores."""
    row = await fetchrow(f"{SHIFTS} WHERE s.id = $1", id_)
    seen = stores_seen(permission)
    if row is None or (seen is not None and row["store"] not in seen):
        raise ShiftUnknown(_("There is no such shift."))
    return facts_of(row)


def facts_of(row: Any) -> ShiftFacts:
    """A row of ``SHIFTS``."""
    return ShiftFacts(**dict(row))


async def end_shift(
    id_: UUID, counted: Mapping[str, int], *, note: str = "", shown: Mapping[str, int] | None = None
) -> ShiftFacts:
    """End a shift with what was counted by method, in minor units.

    The row is locked before anything is added up: a sale that is on its way is waited for and counted, one
    that comes later finds no shift. ``shown`` is what was expected when the difference was shown; refused
    where something was sold since. A note is needed where a method differs beyond the setting.
    """
    for method, amount in counted.items():
        _check_amount(f"counted.{method}", amount)
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE or "\x00" in note:
        message = _("at most {limit} characters", limit=LONGEST_NOTE)
        raise Invalid(message, [FieldError("note", message)])

    async def work() -> ShiftFacts:
        before = await shift(id_, "purchases.write")
        await fetchval("SELECT 1 FROM shift WHERE id = $1 FOR UPDATE", id_)
        if await fetchval("SELECT closed_at FROM shift WHERE id = $1", id_) is not None:
            raise ShiftEnded(_("this shift was ended already"))
        expected = to_count(before, await moved_in(before))
        if shown is not None and dict(shown) != expected:
            raise ExpectedChanged(_("something was sold since you counted: look at the difference again"))
        if needs_note(expected, counted, before.currency) and not note:
            message = _("say why it differs")
            raise Invalid(message, [FieldError("note", message)])
        await _close(before, expected, {method: counted.get(method, 0) for method in {*expected, *counted}}, note)
        return await shift(id_, "purchases.write")

    return await in_transaction(work)


async def _close(before: ShiftFacts, expected: Mapping[str, int], counted: Mapping[str, int], note: str) -> None:
    await execute(
        "UPDATE shift SET closed_at = $2, closed_by = $3, expected = $4::jsonb, counted = $5::jsonb, note = $6 "
        "WHERE id = $1",
        before.id,
        clock.now(),
        actor().staff_id,
        _json(expected),
        _json(counted),
        note,
    )
    difference = sum(counted.values()) - sum(expected.values())
    own = actor().staff_id == before.staff
    await audit.note("shifts.ended", subject=("shift", before.id), store=before.store, difference=difference, own=own)
    await emit("shift.ended", store=before.store, shift=before.id, difference=difference, currency=before.currency)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _check_amount(field: str, amount: int) -> None:
    if not 0 <= amount <= LARGEST:
        message = _("give an amount, zero or more")
        raise Invalid(message, [FieldError(field, message)])
