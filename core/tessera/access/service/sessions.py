"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tessera.access import sealing
from tessera.access.actor import Actor
from tessera.access.service import passwords, throttle
from tessera.access.service.roles import grants
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow
from tessera.kernel.errors import Unauthenticated
from tessera.kernel.ids import uuid7
from tessera_hooks import _

IDLE = timedelta(hours=12)
"""A session that nobody used for so long has ended."""

LONGEST = timedelta(days=30)
"""No session lasts longer, used or not."""

NOTE_EVERY = timedelta(minutes=5)
"""How exactly it is noted when a session was last used."""


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
SELECT s.id AS session, s.store, s.last_seen_at, p.id, p.login, p.name, p.locale, p.theme,
       coalesce((SELECT json_agg(json_build_array(r.role, r.store)) FROM staff_role r WHERE r.staff = p.id), '[]')
           AS held
FROM session s JOIN staff p ON p.id = s.staff
WHERE s.token_hash = $1 AND p.active AND s.expires_at > $2 AND s.last_seen_at > $3
"""

FIRST_STORE = """coalesce(
    (SELECT store FROM staff_role WHERE staff = $3 ORDER BY store NULLS LAST LIMIT 1),
    (SELECT id FROM store WHERE active AND (SELECT count(*) FROM store WHERE active) = 1))"""
"""Where someone works who has just signed in: in a store of theirs, or in the only one there is."""


async def sign_in(
    login: str, password: str, *, address: str = "-", user_agent: str = "", device: str = "", old_token: str = ""
) -> SignedIn:
    """Open a session for the right password.

    A wrong login takes as long and is answered as a wrong password. ``device`` is the mark of an
    earlier sign-in at this browser; the session of ``old_token`` ends.
    """
    login = normal_login(login)
    attempt = throttle.counts(login, address, known_browser=is_known_device(login, device))
    await throttle.count(attempt)
    row = await fetchrow("SELECT id, password_hash FROM staff WHERE login = $1 AND active", login)
    if not await passwords.is_right(password, row["password_hash"] if row else None) or row is None:
        raise WrongPassword(_("Login or password is wrong."))
    await throttle.succeed(attempt)
    if old_token:
        await sign_out(old_token)
    token = await open_session(row["id"], user_agent)
    return SignedIn(token, known_device(login), row["id"])


async def open_session(staff: UUID, user_agent: str = "") -> str:
    """A new session of a person who has proven who they are; answers its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    await execute(
        "INSERT INTO session (id, token_hash, staff, store, created_at, last_seen_at, expires_at, user_agent) "
        f"VALUES ($1, $2, $3, {FIRST_STORE}, $4, $4, $5, $6)",
        uuid7(),
        sealing.digest(token),
        staff,
        now,
        now + LONGEST,
        user_agent[:300],
    )
    return token


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
    row = await fetchrow(FIND, sealing.digest(token), now, now - IDLE)
    if row is None:
        return None
    if now - row["last_seen_at"] > NOTE_EVERY:
        await execute("UPDATE session SET last_seen_at = $2 WHERE id = $1", row["session"], now)
    return _actor_of(row)


def _actor_of(row: Any) -> Actor:
    held = [(code, UUID(store) if store else None) for code, store in row["held"]]
    return Actor(
        "staff",
        row["name"],
        grants(held),
        staff_id=row["id"],
        session_id=row["session"],
        store=row["store"],
        locale=row["locale"],
        theme=row["theme"],
    )


async def forget_ended() -> None:
    """Take away sessions that have ended, and counts of attempts that no longer matter."""
    now = clock.now()
    await execute("DELETE FROM session WHERE expires_at < $1 OR last_seen_at < $2", now, now - IDLE)
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
