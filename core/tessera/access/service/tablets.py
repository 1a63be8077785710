"""Shared tablets: staff of a store switch by tapping their name and a PIN, between two customers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.actor import actor
from tessera.access.service import passwords
from tessera.access.service.sessions import Tablet, open_session, shared_tablet, sign_out
from tessera.access.service.staff import confirm
from tessera.access.service.stores import check_name, store_of
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from tessera.kernel.ids import uuid7
from tessera_hooks import _

PIN = re.compile(r"[0-9]{4,6}\Z", re.ASCII)
UP = "01234567890"
DOWN = UP[::-1]

COMMON = frozenset(
    {"1212", "1313", "1122", "1010", "2580", "1314", "5200", "2000", "2001", "1004", "6969", "5201", "1688", "6868"}
    | {"121212", "112233", "123123", "520520", "147258", "131313", "159357", "168168", "100200", "201314", "521521"}
)
"""PINs that lists of leaked ones begin with, and those that sound like something in Chinese."""

FREE = 3
"""Wrong PINs before each further one waits, twice as long each time."""

MOST = 10
"""Wrong PINs after which only the password opens a session here again."""

MOST_ANYWHERE = 30
"""Wrong PINs at all tablets together, so that sharing one more browser does not give ten more guesses."""

LONGEST_WAIT = 300.0

ANYWHERE = "(SELECT coalesce(sum(t.failures), 0) FROM pin_attempt t WHERE t.staff = {})"

COUNT = f"""
INSERT INTO pin_attempt AS a (id, device, staff, failures, blocked_until)
SELECT $1, $2, p.id, 1, $4 FROM staff p WHERE p.id = $3 AND p.active AND p.pin_hash IS NOT NULL
    AND EXISTS (SELECT 1 FROM staff_role r WHERE r.staff = p.id AND (r.store = $5 OR r.store IS NULL))
    AND {ANYWHERE.format("$3")} < {MOST_ANYWHERE}
ON CONFLICT (device, staff) DO UPDATE SET failures = a.failures + 1,
    blocked_until = $4 + make_interval(secs => CASE WHEN a.failures + 1 < {FREE} THEN 0
        ELSE least({LONGEST_WAIT}, power(2, a.failures + 1 - {FREE})) END)
WHERE a.blocked_until <= $4 AND a.failures < {MOST}
RETURNING failures
"""


class WrongPin(Unauthenticated):
    """The PIN is wrong, or the person has none, or does not work here: it is never said which."""

    code = "wrong_pin"


class PinSpent(Unauthenticated):
    """Too many wrong PINs: only the password opens a session here again."""

    code = "pin_spent"


class TabletUnknown(NotFound):
    """This browser is no shared tablet, or is none any more."""

    code = "tablet_unknown"


@dataclass(frozen=True)
class TabletFacts:
    """A shared tablet as those who manage staff see it."""

    id: UUID
    name: str
    store: UUID
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


def check_pin(pin: str) -> str:
    """A PIN that is not the first that anyone would try."""
    problem = None
    if not PIN.match(pin):
        problem = _("use 4 to 6 digits")
    elif len(set(pin)) == 1 or pin in UP or pin in DOWN or pin in COMMON:
        problem = _("this is one of the first that anyone would try: choose another")
    if problem:
        raise Invalid(problem, [FieldError("pin", problem)])
    return pin


async def set_pin(staff: UUID, pin: str, password: str) -> None:
    """Choose one's own PIN, or give it up with an empty one; it takes the password."""
    await confirm(staff, password)
    hashed = await passwords.hash_password(check_pin(pin)) if pin else None

    async def work() -> None:
        await execute("UPDATE staff SET pin_hash = $2 WHERE id = $1", staff, hashed)
        await execute("DELETE FROM pin_attempt WHERE staff = $1", staff)
        await audit.note("access.pin_changed" if pin else "access.pin_given_up", subject=("staff", staff))

    await in_transaction(work)


async def share(store: UUID, name: str, user_agent: str = "") -> str:
    """Make the browser one that the staff of a store share; answers the token that it keeps.

    The session of whoever does so becomes one of a shared tablet, with its short patience.
    """
    actor().needs("staff.write", store)
    if store_of(store) is None:
        message = _("choose the store that the tablet stands in")
        raise Invalid(message, [FieldError("store", message)])
    name, token, now, tablet = check_name(name)[:100], secrets.token_urlsafe(32), clock.now(), uuid7()

    async def work() -> None:
        await execute(
            "INSERT INTO device (id, token_hash, store, name, user_agent, created_by, created_at, last_seen_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
            tablet,
            sealing.digest(token),
            store,
            name,
            user_agent[:300],
            actor().staff_id,
            now,
        )
        await execute("UPDATE session SET device = $2 WHERE id = $1", actor().session_id, tablet)
        await audit.note("access.tablet_shared", subject=("device", tablet), store=store)

    await in_transaction(work)
    return token


async def tablets() -> list[TabletFacts]:
    """The shared tablets in the stores whose staff the actor manages."""
    managed = actor().stores_with("staff.write")
    rows = await fetch(
        "SELECT id, name, store, user_agent, created_at, last_seen_at FROM device WHERE revoked_at IS NULL "
        "AND ($1::uuid[] IS NULL OR store = ANY($1)) ORDER BY name, id",
        None if managed is None else sorted(managed),
    )
    return [TabletFacts(**dict(row)) for row in rows]


async def unshare(tablet: UUID) -> None:
    """A tablet is shared no more: whoever is signed in there is signed out, and no PIN opens it."""
    managed = actor().stores_with("staff.write")

    async def work() -> None:
        if not await execute(
            "UPDATE device SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL "
            "AND ($3::uuid[] IS NULL OR store = ANY($3))",
            tablet,
            clock.now(),
            None if managed is None else sorted(managed),
        ):
            raise TabletUnknown(_("there is no such tablet"))
        await execute("DELETE FROM session WHERE device = $1", tablet)
        await audit.note("access.tablet_unshared", subject=("device", tablet))

    await in_transaction(work)


async def people_at(tablet: Tablet) -> Sequence[tuple[UUID, str]]:
    """Who can switch at a tablet: the staff of its store who have chosen a PIN."""
    rows = await fetch(
        "SELECT p.id, p.name FROM staff p WHERE p.active AND p.pin_hash IS NOT NULL AND EXISTS ("
        "SELECT 1 FROM staff_role r WHERE r.staff = p.id AND (r.store = $1 OR r.store IS NULL)) ORDER BY p.name, p.id",
        tablet.store,
    )
    return [(row["id"], row["name"]) for row in rows]


async def switch(token: str, staff: UUID, pin: str, *, user_agent: str = "", old_token: str = "") -> str:
    """Open the session of another person at a shared tablet; the one before ends.

    An attempt is counted before its PIN is looked at, in one statement, so that many at once cannot slip
    through. What goes wrong here never touches the sign-in by password.
    """
    tablet = await shared_tablet(token)
    if tablet is None:
        raise TabletUnknown(_("This browser is not a shared tablet: sign in with your password."))
    now = clock.now()
    counted = await fetchval(COUNT, uuid7(), tablet.id, staff, now, tablet.store)
    if counted is None:
        raise await _refusal(tablet.id, staff)
    stored = await fetchval("SELECT pin_hash FROM staff WHERE id = $1", staff)
    if not PIN.match(pin) or not await passwords.is_right(pin, stored):
        raise WrongPin(_("This PIN is wrong."))

    async def work() -> str:
        if not await execute(
            "UPDATE device SET last_seen_at = $2 WHERE id = $1 AND revoked_at IS NULL", tablet.id, now
        ):
            raise TabletUnknown(_("This browser is not a shared tablet: sign in with your password."))
        await execute("DELETE FROM pin_attempt WHERE device = $1 AND staff = $2", tablet.id, staff)
        if old_token:
            await sign_out(old_token)
        return await open_session(staff, user_agent, tablet, by_pin=True)

    return await in_transaction(work)


async def _refusal(tablet: UUID, staff: UUID) -> Exception:
    row = await fetchrow(
        f"SELECT failures, blocked_until, {ANYWHERE.format('$2')} AS anywhere "
        "FROM (SELECT 1) one LEFT JOIN pin_attempt ON device = $1 AND staff = $2",
        tablet,
        staff,
    )
    if row["anywhere"] >= MOST_ANYWHERE or (row["failures"] or 0) >= MOST:
        return PinSpent(_("Too many wrong PINs: sign in with your password."))
    if row["failures"] is None:
        return WrongPin(_("This PIN is wrong."))
    seconds = max(1, int((row["blocked_until"] - clock.now()).total_seconds()) + 1)
    return TooMany(_("Too many attempts. Try again in {n} seconds.", n=seconds), seconds)


def need_person() -> UUID:
    """The staff member who acts; programs have no PIN, no password and no browser."""
    staff = actor().staff_id
    if staff is None:
        raise Forbidden(_("Only people have passwords."))
    return staff
