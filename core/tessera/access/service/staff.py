"""The people who work here: adding them, what they hold, and new passwords."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.access.service import passwords, throttle
from tessera.access.service.roles import refuse_beyond, role, roles
from tessera.access.service.sessions import normal_login
from tessera.access.service.stores import check_name, store_by_code
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera_hooks import _

LOGIN = re.compile(r"[\w][\w.@+-]{0,79}\Z")
OWNER = "owner"


class StaffUnknown(NotFound):
    """There is nobody of that login."""

    code = "staff_unknown"


class LoginTaken(Conflict):
    """Someone signs in by that name already."""

    code = "login_taken"


class LastOwner(Conflict):
    """Nobody would be left who may do everything."""

    code = "last_owner"


@dataclass(frozen=True)
class StaffFacts:
    """Someone who works here; ``held`` are pairs of role and store, no store meaning everywhere.

    ``invited`` while they have not yet given themselves a password; ``has_pin`` where they have chosen one.
    """

    id: UUID
    login: str
    name: str
    active: bool
    held: tuple[tuple[str, UUID | None], ...]
    invited: bool = False
    has_pin: bool = False


SELECT = """
SELECT p.id, p.login, p.name, p.active, p.password_hash = '' AS invited, p.pin_hash IS NOT NULL AS has_pin,
       coalesce((SELECT json_agg(json_build_array(r.role, r.store)) FROM staff_role r WHERE r.staff = p.id), '[]')
           AS held
FROM staff p
"""


def _facts(row: Any) -> StaffFacts:
    held = tuple((code, UUID(store) if store else None) for code, store in row["held"])
    return StaffFacts(row["id"], row["login"], row["name"], row["active"], held, row["invited"], row["has_pin"])


_MANAGED = (
    "(${0}::uuid[] IS NULL OR EXISTS (SELECT 1 FROM staff_role r WHERE r.staff = p.id AND r.store = ANY(${0})) "
    "OR NOT EXISTS (SELECT 1 FROM staff_role r WHERE r.staff = p.id))"
)


def managed_stores() -> list[UUID] | None:
    """The stores whose staff the actor manages; ``None`` means every one."""
    stores = actor().stores_with("staff.write")
    return None if stores is None else sorted(stores)


async def list_staff() -> list[StaffFacts]:
    """Everyone who works in the stores that the actor manages, those who still do first."""
    rows = await fetch(f"{SELECT} WHERE {_MANAGED.format(1)} ORDER BY p.active DESC, p.name, p.login", managed_stores())
    return [_facts(row) for row in rows]


async def one(staff: UUID) -> StaffFacts:
    """One person."""
    row = await fetchrow(SELECT + "WHERE p.id = $1", staff)
    if row is None:
        raise StaffUnknown(_("there is no such person"))
    return _facts(row)


async def locked(staff: UUID) -> StaffFacts:
    """One person, whose roles nobody else changes until the unit of work ends: what one may do is told by them."""
    await execute("SELECT 1 FROM staff WHERE id = $1 FOR UPDATE", staff)
    return await one(staff)


async def managed(staff: UUID) -> StaffFacts:
    """One person whom the actor manages; anyone else is answered as if there were nobody."""
    row = await fetchrow(f"{SELECT} WHERE p.id = $1 AND {_MANAGED.format(2)}", staff, managed_stores())
    if row is None:
        raise StaffUnknown(_("there is no such person"))
    return _facts(row)


async def colleagues(store: UUID | None = None) -> list[StaffFacts]:
    """Those who work here, in one store where it is given, by name."""
    rows = await fetch(
        f"{SELECT} WHERE p.active AND ($1::uuid IS NULL OR EXISTS (SELECT 1 FROM staff_role r WHERE r.staff = p.id "
        "AND (r.store = $1 OR r.store IS NULL))) ORDER BY p.name, p.login",
        store,
    )
    return [_facts(row) for row in rows]


async def by_login(login: str) -> StaffFacts:
    """The person who signs in by this name."""
    row = await fetchrow(SELECT + "WHERE p.login = $1", normal_login(login))
    if row is None:
        raise StaffUnknown(_('nobody signs in as "{login}"', login=login))
    return _facts(row)


async def has_staff() -> bool:
    """Whether anyone can sign in at all."""
    return bool(await fetchval("SELECT EXISTS (SELECT 1 FROM staff WHERE password_hash <> '')"))


async def add_staff(
    login: str, name: str, password: str, *, role_code: str, store_code: str = "", locale: str | None = None
) -> StaffFacts:
    """Add someone with one role, in one store or everywhere."""
    login, name = check_login(login), check_name(name)
    held = role(role_code).code
    store = store_by_code(store_code).id if store_code else None
    not_beyond_oneself(held, store)
    passwords.check_strength(password, login)
    hashed = await passwords.hash_password(password)

    async def work() -> UUID:
        staff = await insert_staff(login, name, hashed, locale)
        await give(staff, held, store)
        return staff

    return await one(await in_transaction(work))


async def insert_staff(login: str, name: str, hashed: str = "", locale: str | None = None) -> UUID:
    """A new person in the running unit of work; without a password they are invited only."""
    staff: UUID | None = await fetchval(
        "INSERT INTO staff (id, login, name, password_hash, locale, active, created_at) "
        "VALUES ($1, $2, $3, $4, $5, true, $6) ON CONFLICT DO NOTHING RETURNING id",
        uuid7(),
        login,
        name,
        hashed,
        locale,
        clock.now(),
    )
    if staff is None:
        raise LoginTaken(_('someone signs in as "{login}" already: choose another', login=login), field="login")
    await audit.note("access.staff_added", subject=("staff", staff))
    return staff


def check_login(login: str) -> str:
    """A login as it is stored, or a refusal that shows how one looks."""
    cleaned = normal_login(login)
    if not LOGIN.match(cleaned):
        message = _("write a login of letters, digits and . - _ @, such as wang.li")
        raise Invalid(message, [FieldError("login", message)])
    return cleaned


def not_beyond_oneself(role_code: str, store: UUID | None) -> None:
    """Nobody gives rights that they do not hold there themselves, nor roles in stores they do not manage."""
    someone = actor()
    managed = someone.stores_with("staff.write")
    if managed is not None and store not in managed:
        raise Forbidden(_("You may give roles only in your own stores."))
    known = roles()
    if role_code in known:
        refuse_beyond(someone, known[role_code].permissions, store)


async def give(staff: UUID, role_code: str, store: UUID | None) -> None:
    """Let someone hold a role, in the running unit of work."""
    await execute(
        "INSERT INTO staff_role (id, staff, role, store) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        uuid7(),
        staff,
        role_code,
        store,
    )


async def set_roles(staff: UUID, held: Sequence[tuple[str, UUID | None]]) -> None:
    """Give someone exactly these roles; the last owner keeps theirs."""
    if not held:
        message = _("choose at least one role")
        raise Invalid(message, [FieldError("role", message)])
    checked = [(role(code).code, store) for code, store in held]

    async def work() -> None:
        before = (await locked(staff)).held
        for code, store in set(checked) ^ set(before):
            not_beyond_oneself(code, store)
        await execute("DELETE FROM staff_role WHERE staff = $1", staff)
        for code, store in checked:
            await give(staff, code, store)
        if (OWNER, None) in before:
            await keep_an_owner()
        for code, store in sorted(set(checked) - set(before), key=str):
            await audit.note("access.role_given", subject=("staff", staff), store=store, role=code)
        for code, store in sorted(set(before) - set(checked), key=str):
            await audit.note("access.role_taken", subject=("staff", staff), store=store, role=code)

    await in_transaction(work)


async def set_active(staff: UUID, active: bool) -> None:
    """Let someone in again, or shut them out at once: their sessions end."""

    async def work() -> None:
        held = (await locked(staff)).held
        for code, store in held:
            not_beyond_oneself(code, store)
        await execute("UPDATE staff SET active = $2 WHERE id = $1", staff, active)
        if not active:
            await execute("DELETE FROM session WHERE staff = $1", staff)
        if not active and (OWNER, None) in held:
            await keep_an_owner()
        await audit.note("access.staff_let_in" if active else "access.staff_shut_out", subject=("staff", staff))

    await in_transaction(work)


async def keep_an_owner() -> None:
    """Refuse what would leave nobody who may do everything; two at once see each other's change."""
    await execute("SELECT pg_advisory_xact_lock(hashtext('tessera.last_owner'))")
    left = await fetchval(
        "SELECT EXISTS (SELECT 1 FROM staff_role r JOIN staff p ON p.id = r.staff "
        "WHERE p.active AND p.password_hash <> '' AND r.role = $1 AND r.store IS NULL)",
        OWNER,
    )
    if not left:
        raise LastOwner(_("This is the last owner: make someone else an owner first."))


async def set_password(staff: UUID, password: str, *, keep_token_hash: bytes = b"") -> None:
    """Give someone a new password; their other sessions end."""
    passwords.check_strength(password, (await one(staff)).login)
    hashed = await passwords.hash_password(password)

    async def work() -> None:
        if actor().staff_id != staff:
            for code, store in (await locked(staff)).held:
                not_beyond_oneself(code, store)
        await execute("UPDATE staff SET password_hash = $2 WHERE id = $1", staff, hashed)
        await execute("DELETE FROM session WHERE staff = $1 AND token_hash <> $2", staff, keep_token_hash)
        await audit.note("access.password_changed", subject=("staff", staff))

    await in_transaction(work)


async def confirm(staff: UUID, password: str, *, field: str = "password") -> None:
    """Refuse unless this is someone's present password; guessing it is slowed down as at the sign-in."""
    attempt = throttle.confirming(staff)
    await throttle.count(attempt)
    stored = await fetchval("SELECT password_hash FROM staff WHERE id = $1", staff)
    if not await passwords.is_right(password, stored):
        message = _("this is not your present password")
        raise Invalid(message, [FieldError(field, message)])
    await throttle.succeed(attempt)


async def change_own_password(staff: UUID, old: str, new: str, *, keep_token_hash: bytes = b"") -> None:
    """Change one's own password, which needs the present one."""
    await confirm(staff, old, field="old")
    await set_password(staff, new, keep_token_hash=keep_token_hash)
