"""Invitations: a link by which someone who was added gives themselves a login and a password, once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from tessera.access import audit, sealing
from tessera.access.actor import actor
from tessera.access.service import passwords
from tessera.access.service.roles import role
from tessera.access.service.staff import (
    LoginTaken,
    StaffFacts,
    check_login,
    give,
    insert_staff,
    managed,
    not_beyond_oneself,
    one,
)
from tessera.access.service.stores import check_name, store_by_code
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES
from tessera_hooks import _

LASTS = timedelta(days=7)
PLACEHOLDER = "invited."
"""How the login of someone begins who will choose one."""


class InvitationOver(NotFound):
    """The link was used, taken back, or is too old; or never was one."""

    code = "invitation_over"


class NotWaiting(Conflict):
    """The person signs in already."""

    code = "not_invited"


@dataclass(frozen=True)
class Invited:
    """Someone who was invited, and the token of their link: this is the only time that anyone sees it."""

    staff: UUID
    token: str


async def invite(name: str, held: Sequence[tuple[str, str]], *, login: str = "") -> Invited:
    """Add someone with roles, as pairs of role and store code, and make the link that lets them in.

    Without a login they choose one themselves.
    """
    name = check_name(name)
    login = check_login(login) if login.strip() else PLACEHOLDER + secrets.token_hex(6)
    roles = [(role(code).code, store_by_code(store).id if store else None) for code, store in held]
    for code, store in roles:
        not_beyond_oneself(code, store)

    async def work() -> Invited:
        staff = await insert_staff(login, name)
        for code, store in roles:
            await give(staff, code, store)
        return Invited(staff, await link(staff))

    return await in_transaction(work)


async def invite_again(staff: UUID) -> Invited:
    """A new link for someone who has not come yet; the one before opens nothing any more."""
    facts = await managed(staff)
    for code, store in facts.held:
        not_beyond_oneself(code, store)
    if not facts.invited or not facts.active:
        raise NotWaiting(_("{name} has come already, or does not work here any more.", name=facts.name))

    async def work() -> Invited:
        await _take_back(staff)
        return Invited(staff, await link(staff))

    return await in_transaction(work)


async def take_back(staff: UUID) -> None:
    """Make the link of someone who was invited open nothing any more."""
    facts = await managed(staff)
    for code, store in facts.held:
        not_beyond_oneself(code, store)

    async def work() -> None:
        if await _take_back(staff):
            await audit.note("access.invitation_taken_back", subject=("staff", staff))

    await in_transaction(work)


async def _take_back(staff: UUID) -> int:
    taken: int = await execute(
        "UPDATE staff_invitation SET revoked_at = $2 WHERE staff = $1 AND used_at IS NULL AND revoked_at IS NULL",
        staff,
        clock.now(),
    )
    return taken


async def link(staff: UUID) -> str:
    """A new link for someone who was added, in the running unit of work."""
    token, now = secrets.token_urlsafe(32), clock.now()
    await execute(
        "INSERT INTO staff_invitation (id, staff, token_hash, created_by, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        uuid7(),
        staff,
        sealing.digest(token),
        actor().staff_id,
        now,
        now + LASTS,
    )
    await audit.note("access.staff_invited", subject=("staff", staff))
    return token


async def open_until(staff: UUID) -> datetime | None:
    """Until when the link of someone who was invited opens; ``None`` where none does."""
    found: datetime | None = await fetchval(
        "SELECT max(expires_at) FROM staff_invitation WHERE staff = $1 AND used_at IS NULL AND revoked_at IS NULL "
        "AND expires_at > $2",
        staff,
        clock.now(),
    )
    return found


_OPEN = (
    "token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2 "
    "AND EXISTS (SELECT 1 FROM staff p WHERE p.id = staff_invitation.staff AND p.active AND p.password_hash = '')"
)


def _over() -> InvitationOver:
    return InvitationOver(_("This link is used up or too old: ask for a new one."))


async def invited(token: str) -> StaffFacts:
    """Who may come in by a link."""
    row = await fetchrow(f"SELECT staff FROM staff_invitation WHERE {_OPEN}", sealing.digest(token), clock.now())
    if row is None:
        raise _over()
    return await one(row["staff"])


async def accept(token: str, login: str, password: str, *, locale: str | None = None) -> StaffFacts:
    """Come in by a link: choose login, password and language.

    Using the link up is one conditional UPDATE, so that of two who open it at once one comes in; where the
    login is taken nothing happened, and the link can be tried again.
    """
    login = check_login(login)
    passwords.check_strength(password, login)
    await invited(token)
    hashed = await passwords.hash_password(password)

    async def work() -> UUID:
        staff: UUID | None = await fetchval(
            f"UPDATE staff_invitation SET used_at = $2 WHERE {_OPEN} RETURNING staff",
            sealing.digest(token),
            clock.now(),
        )
        if staff is None:
            raise _over()
        come = await execute(
            "UPDATE staff SET login = $2, password_hash = $3, locale = $4 "
            "WHERE id = $1 AND active AND password_hash = ''",
            staff,
            login,
            hashed,
            locale if locale in LOCALES else None,
        )
        if not come:
            raise _over()
        await audit.note("access.invitation_used", subject=("staff", staff))
        return staff

    try:
        return await one(await in_transaction(work))
    except asyncpg.UniqueViolationError:
        raise LoginTaken(
            _('someone signs in as "{login}" already: choose another', login=login), field="login"
        ) from None
