"""Signing in, staying signed in, and signing out; where one is signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.actor import Actor, Grant, acting_as
from tessera.access.permissions import NEVER_BY_PIN
from tessera.access.service import passwords, throttle
from tessera.access.service.roles import grants
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import NotFound, Unauthenticated
from tessera.kernel.ids import uuid7
from tessera_hooks import _

IDLE = timedelta(hours=12)
"""A session that nobody used for so long has ended."""

LONGEST = timedelta(days=30)
"""No session lasts longer, used or not."""

NOTE_EVERY = timedelta(minutes=5)
"""How exactly it is noted when a session was last used."""

IDLE_SHARED = timedelta(minutes=10)
"""At a shared tablet a session has ended so long after the last page; the page itself goes back to the names
sooner, after five minutes without a touch."""

NOTE_SHARED = timedelta(seconds=30)
"""How exactly that is noted."""


class WrongPassword(Unauthenticated):
    """Login or password is wrong; it is never said which."""

    code = "wrong_password"


@dataclass(frozen=True)
class SignedIn:
    """A new session: the token for the browser, and the mark by which the browser is known again."""

    token: str
    device: str
    staff: UUID


FIND = """
SELECT s.id AS session, s.store, s.last_seen_at, s.device, s.by_pin, p.id, p.login, p.name, p.locale, p.theme,
       coalesce((SELECT json_agg(json_build_array(r.role, r.store)) FROM staff_role r WHERE r.staff = p.id), '[]')
           AS held
FROM session s JOIN staff p ON p.id = s.staff
WHERE s.token_hash = $1 AND p.active AND s.expires_at > $2
  AND s.last_seen_at > CASE WHEN s.device IS NULL THEN $3::timestamptz ELSE $4 END
"""

FIRST_STORE = """coalesce($7,
    (SELECT store FROM staff_role WHERE staff = $3 ORDER BY store NULLS LAST LIMIT 1),
    (SELECT id FROM store WHERE active AND (SELECT count(*) FROM store WHERE active) = 1))"""
"""Where someone works who has just signed in: in a store of theirs, or in the only one there is."""


async def sign_in(
    login: str,
    password: str,
    *,
    address: str = "-",
    user_agent: str = "",
    device: str = "",
    old_token: str = "",
    shared: str = "",
) -> SignedIn:
    """Open a session for the right password.

    A wrong login takes as long and is answered as a wrong password. ``device`` is the mark of an
    earlier sign-in at this browser; the session of ``old_token`` ends. ``shared`` is the token of the
    shared tablet that the browser is: there the PIN is free again once the password was right.
    """
    login = normal_login(login)
    known = is_known_device(login, device)
    attempt = throttle.counts(login, address, known_browser=known)
    await throttle.count(attempt)
    row = await fetchrow("SELECT id, name, password_hash FROM staff WHERE login = $1 AND active", login)
    if not await passwords.is_right(password, row["password_hash"] if row else None) or row is None:
        raise WrongPassword(_("Login or password is wrong."))
    await throttle.succeed(attempt)
    staff: UUID = row["id"]

    async def work() -> str:
        if old_token:
            await sign_out(old_token)
        tablet = await shared_tablet(shared)
        if tablet is not None:
            await execute("DELETE FROM pin_attempt WHERE staff = $1", staff)
        with acting_as(Actor("staff", row["name"], staff_id=staff)):
            await audit.note("access.signed_in" if known else "access.signed_in_at_new_browser")
        return await open_session(staff, user_agent, tablet)

    return SignedIn(await in_transaction(work), known_device(login), staff)


@dataclass(frozen=True)
class Tablet:
    """A tablet that the staff of a store share."""

    id: UUID
    store: UUID
    name: str


async def shared_tablet(token: str) -> Tablet | None:
    """The shared tablet that holds a token; ``None`` where the token is none, or was taken back."""
    if not token:
        return None
    row = await fetchrow(
        "SELECT id, store, name FROM device WHERE token_hash = $1 AND revoked_at IS NULL", sealing.digest(token)
    )
    return Tablet(**dict(row)) if row else None


async def open_session(staff: UUID, user_agent: str = "", tablet: Tablet | None = None, *, by_pin: bool = False) -> str:
    """A new session of a person who has proven who they are; answers its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    await execute(
        "INSERT INTO session (id, token_hash, staff, store, created_at, last_seen_at, expires_at, user_agent, "
        f"device, by_pin) VALUES ($1, $2, $3, {FIRST_STORE}, $4, $4, $5, $6, $8, $9)",
        uuid7(),
        sealing.digest(token),
        staff,
        now,
        now + LONGEST,
        user_agent[:300],
        tablet.store if tablet and await _works_in(staff, tablet.store) else None,
        tablet.id if tablet else None,
        by_pin,
    )
    return token


async def _works_in(staff: UUID, store: UUID) -> bool:
    found = await fetchrow("SELECT 1 FROM staff_role WHERE staff = $1 AND (store = $2 OR store IS NULL)", staff, store)
    return found is not None


def normal_login(login: str) -> str:
    """A login as it is stored: letters in lower case, no spaces around."""
    return login.strip().lower()


def known_device(login: str) -> str:
    """A mark that lets a browser be known again when this login signs in."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{sealing.sign('device', nonce + login)}"


def is_known_device(login: str, device: str) -> bool:
    """Whether this login has signed in at this browser before."""
    nonce, _dot, signature = device.partition(".")
    return bool(signature) and sealing.is_signed("device", nonce + login, signature)


async def resume(token: str) -> Actor | None:
    """Who holds a session's token; ``None`` when it has ended."""
    now = clock.now()
    row = await fetchrow(FIND, sealing.digest(token), now, now - IDLE, now - IDLE_SHARED)
    if row is None:
        return None
    if now - row["last_seen_at"] > (NOTE_SHARED if row["device"] else NOTE_EVERY):
        await execute("UPDATE session SET last_seen_at = $2 WHERE id = $1", row["session"], now)
    return _actor_of(row)


_BEYOND_PIN = tuple(f"!{name}" for name in NEVER_BY_PIN)


def _actor_of(row: Any) -> Actor:
    held = grants([(code, UUID(store) if store else None) for code, store in row["held"]])
    return Actor(
        "staff",
        row["name"],
        tuple(Grant((*g.permissions, *_BEYOND_PIN), g.store) for g in held) if row["by_pin"] else held,
        staff_id=row["id"],
        session_id=row["session"],
        store=row["store"],
        locale=row["locale"],
        theme=row["theme"],
    )


@dataclass(frozen=True)
class Seat:
    """A browser in which someone is signed in; ``tablet`` where it is a shared one."""

    id: UUID
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    tablet: str | None


async def seats(staff: UUID) -> list[Seat]:
    """Where a person is signed in, what was used last first."""
    now = clock.now()
    rows = await fetch(
        "SELECT s.id, s.user_agent, s.created_at, s.last_seen_at, d.name AS tablet "
        "FROM session s LEFT JOIN device d ON d.id = s.device WHERE s.staff = $1 AND s.expires_at > $2 "
        "AND s.last_seen_at > CASE WHEN s.device IS NULL THEN $3::timestamptz ELSE $4 END "
        "ORDER BY s.last_seen_at DESC, s.id DESC",
        staff,
        now,
        now - IDLE,
        now - IDLE_SHARED,
    )
    return [Seat(**dict(row)) for row in rows]


async def end_seat(staff: UUID, session: UUID) -> None:
    """Sign a person out of one browser."""

    async def work() -> None:
        if not await execute("DELETE FROM session WHERE id = $1 AND staff = $2", session, staff):
            raise NotFound(_("there is no such session"))
        await audit.note("access.session_ended", subject=("staff", staff))

    await in_transaction(work)


async def end_other_seats(staff: UUID, keep: UUID | None = None) -> int:
    """Sign a person out everywhere, but for the session that is kept; answers of how many browsers."""

    async def work() -> int:
        rows = await fetch("DELETE FROM session WHERE staff = $1 AND id IS DISTINCT FROM $2 RETURNING id", staff, keep)
        await audit.note("access.sessions_ended", subject=("staff", staff), rows=len(rows))
        return len(rows)

    return await in_transaction(work)


async def forget_ended() -> None:
    """Take away sessions that have ended, and counts of attempts that no longer matter."""
    now = clock.now()
    await execute(
        "DELETE FROM session WHERE expires_at < $1 "
        "OR last_seen_at < CASE WHEN device IS NULL THEN $2::timestamptz ELSE $3 END",
        now,
        now - IDLE,
        now - IDLE_SHARED,
    )
    await throttle.forget_old()


async def sign_out(token: str) -> None:
    """End a session."""
    await execute("DELETE FROM session WHERE token_hash = $1", sealing.digest(token))


async def work_in(session: UUID, store: UUID | None) -> None:
    """From now on the person of this session works in ``store``."""
    await execute("UPDATE session SET store = $2 WHERE id = $1", session, store)


async def prefer(staff: UUID, *, locale: str | None = None, theme: str | None = None) -> None:
    """Remember the language or the look that someone chose, for all their browsers."""
    await execute(
        "UPDATE staff SET locale = coalesce($2, locale), theme = coalesce($3, theme) WHERE id = $1",
        staff,
        locale,
        theme,
    )
