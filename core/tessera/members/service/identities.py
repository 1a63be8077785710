"""What identifies a member: added, removed, made the first of its kind, verified; and taken over by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.service.lookups import Cost, count_lookup
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera.kernel.events import emit
from tessera.members.identities import Known, remember_source
from tessera.members.normalise import told_by_resident_id
from tessera.members.service import checks
from tessera.members.service.checks import Checks, taken
from tessera.members.service.create import holder_of, insert_identity
from tessera.members.service.scope import is_visible, need_visible, present, unknown
from tessera.members.service.survivors import locked
from tessera.members.service.tokens import refresh_tokens
from tessera.members.service.views import IdentityView
from tessera.members.service.views import member as member_view
from tessera_hooks import _


class IdentityUnknown(NotFound):
    """The member has no such identity."""

    code = "identity_unknown"


def _unknown() -> IdentityUnknown:
    return IdentityUnknown(_("The member has no such card or id."))


async def identities_of(member: UUID) -> Sequence[IdentityView]:
    """What identifies and reaches a member, the first of each kind before the others; contacts last."""
    return (await member_view(member)).identities


async def add_identity(
    member: UUID, kind: str, value: str, *, primary: bool = False, verified: bool = False, field: str = "value"
) -> UUID:
    """Give a member one more identity and answer its id; what they have already stays as it is.

    The first of a kind is its primary one. An identity that is someone else's refuses with
    ``identity_taken``, however many ask at once. A resident id also fills date of birth and sex where
    they are empty, for it tells both.
    """
    check = Checks()
    known = check.take(field, value, checks.identity_of(kind))
    check.finish()
    if known is None:
        message = _("this is needed")
        raise Invalid(message, [FieldError(field, message)])
    await need_visible(member, "members.write")
    await count_lookup(known, cost=Cost.CHEAP)

    async def work() -> UUID:
        here = await _locked(member)
        id_ = await _add(here, known, verified=verified, field=field)
        if primary:
            await _make_primary(here, id_)
        return id_

    added = await in_transaction(work)
    await generation.refresh()
    return added


async def _locked(member: UUID) -> UUID:
    return await need_visible(await locked(member), "members.write")


async def _add(member: UUID, known: Known, *, verified: bool, field: str) -> UUID:
    id_ = await insert_identity(member, known, verified=verified)
    if id_ is None:
        own: UUID | None = await fetchval(
            "SELECT id FROM identity WHERE member = $1 AND kind = $2 AND lookup = $3", member, known.kind, known.lookup
        )
        if own is not None:
            return own
        holder = await holder_of(known)
        raise taken(field, holder if holder is not None and await is_visible(holder) else None)
    await execute(
        "DELETE FROM contact WHERE member = $1 AND kind = $2 AND lookup = $3", member, known.kind, known.lookup
    )
    if known.kind == "external":
        await remember_source(known.value.partition(":")[0])
    if known.kind == "resident_id":
        await fill_from_resident_id(member, known.value)
    await _noted("added", member, id_, known.kind, verified=verified)
    return id_


async def fill_from_resident_id(member: UUID, number: str) -> list[str]:
    """Take date of birth and sex from a resident id where they are empty; answers the fields that were filled."""
    born, sex = told_by_resident_id(number)
    filled = [name for name, done in (("birthday", await _fill_birthday(member, born)),) if done]
    if await execute("UPDATE member SET gender = $2 WHERE id = $1 AND gender IS NULL", member, sex):
        filled.append("gender")
    if filled:
        await emit("member.updated", member=member, fields=filled)
    return filled


async def _fill_birthday(member: UUID, born: date) -> bool:
    filled = await execute(
        "UPDATE member SET birth_year = $2, birth_month = $3, birth_day = $4 "
        "WHERE id = $1 AND birth_month IS NULL AND lunar_month IS NULL",
        member,
        born.year,
        born.month,
        born.day,
    )
    return filled > 0


_REMOVE = """
WITH gone AS (DELETE FROM identity WHERE id = $1 AND member = $2 AND kind <> 'list' RETURNING kind, is_primary),
heir AS (
    UPDATE identity SET is_primary = true WHERE id = (
        SELECT i.id FROM identity i JOIN gone ON gone.kind = i.kind AND gone.is_primary
        WHERE i.member = $2 AND i.id <> $1 ORDER BY i.verified DESC, i.id LIMIT 1)
)
SELECT kind FROM gone
"""


async def remove_identity(member: UUID, identity: UUID) -> None:
    """Take an identity or a contact from a member; the next of its kind becomes the primary one with it.

    What is removed is free for anyone. The last thing that tells who a member without a name is stays.
    """
    await need_visible(member, "members.write")

    async def work() -> None:
        here = await _locked(member)
        kind: str | None = await fetchval(_REMOVE, identity, here)
        if kind is None:
            kind = await fetchval("DELETE FROM contact WHERE id = $1 AND member = $2 RETURNING kind", identity, here)
        if kind is None:
            raise _unknown()
        if await fetchval(_NOTHING_LEFT, here):
            message = _("this is all that is known of the member: give a name first")
            raise Invalid(message, [FieldError("value", message)])
        await _noted("removed", here, identity, kind)

    await in_transaction(work)


_NOTHING_LEFT = """
SELECT m.name = '' AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.member = m.id)
    AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.member = m.id)
FROM member m WHERE m.id = $1
"""


async def change_identity(member: UUID, identity: UUID, *, primary: bool = False, verified: bool | None = None) -> None:
    """Make an identity the first of its kind, or note that it was verified or was not.

    Who verified it and when stands in the audit. What is so already changes nothing.
    """
    await need_visible(member, "members.write")

    async def work() -> None:
        here = await _locked(member)
        row = await _own(here, identity)
        if primary:
            await _make_primary(here, identity)
        if verified is not None and verified != row["verified"]:
            await execute("UPDATE identity SET verified = $2 WHERE id = $1", identity, verified)
            await _touch(here)
            await audit.note(
                "members.identity_verified" if verified else "members.identity_doubted",
                member=here,
                subject=("identity", identity),
                kind=row["kind"],
            )

    await in_transaction(work)


async def _own(member: UUID, identity: UUID) -> Any:
    row = await fetchrow(
        "SELECT kind, is_primary, verified FROM identity WHERE id = $1 AND member = $2 AND kind <> 'list'",
        identity,
        member,
    )
    if row is None:
        raise _unknown()
    return row


async def _make_primary(member: UUID, identity: UUID) -> None:
    """One statement could meet the new primary before the old one had gone, and break the index on its way."""
    row = await _own(member, identity)
    if row["is_primary"]:
        return
    kind = row["kind"]
    await execute("UPDATE identity SET is_primary = false WHERE member = $1 AND kind = $2 AND is_primary", member, kind)
    await execute("UPDATE identity SET is_primary = true WHERE id = $1", identity)
    await _touch(member)
    await audit.note("members.identity_preferred", member=member, subject=("identity", identity), kind=kind)


_MOVE = """
UPDATE identity SET member = $2, verified = false, created_at = $4, is_primary =
    NOT EXISTS (SELECT 1 FROM identity i WHERE i.member = $2 AND i.kind = identity.kind AND i.is_primary)
WHERE id = $1 AND member = $3
"""

_HEIR = """
UPDATE identity SET is_primary = true WHERE id = (
    SELECT i.id FROM identity i WHERE i.member = $1 AND i.kind = $2 ORDER BY i.is_primary DESC, i.verified DESC, i.id
    LIMIT 1) AND NOT is_primary
"""


async def take_over(member: UUID, kind: str, value: str, *, field: str = "value") -> UUID:
    """Give a member a phone or another identity that has changed hands, and answer its id.

    The one who had it loses it; events and audit of both tell so. Both must be the actor's to change:
    where the other is not, ``identity_taken`` refuses, and only the member can clear it up.
    """
    check = Checks()
    known = check.take(field, value, checks.identity_of(kind))
    check.finish()
    member = await need_visible(member, "members.write")
    if known is not None:
        await count_lookup(known, cost=Cost.CHEAP)
    holder = await holder_of(known) if known is not None else None
    if known is None or holder is None or holder == member:
        return await add_identity(member, kind, value, primary=True, field=field)
    if not await is_visible(holder, "members.write"):
        raise taken(field, holder if await is_visible(holder) else None)

    async def work() -> UUID:
        both = [member, holder]
        there = f"SELECT m.id FROM member m WHERE m.id = ANY($1) AND {present('m')} ORDER BY m.id FOR UPDATE"
        if len(await fetch(there, both)) < len(both):
            raise unknown()
        id_: UUID | None = await fetchval(
            "SELECT id FROM identity WHERE kind = $1 AND lookup = $2 AND member = $3", known.kind, known.lookup, holder
        )
        if id_ is None:
            raise taken(field, None)
        await execute(_MOVE, id_, member, holder, clock.now())
        await execute(_HEIR, holder, known.kind)
        await _noted("removed", holder, id_, known.kind, moved=True)
        await _noted("added", member, id_, known.kind, moved=True)
        await _make_primary(member, id_)
        return id_

    return await in_transaction(work)


async def _noted(
    what: str, member: UUID, identity: UUID, kind: str, *, moved: bool = False, verified: bool = False
) -> None:
    """What an identity that came or went brings with it: search, version, event, audit."""
    if kind == "phone":
        await refresh_tokens([member])
    await _touch(member)
    await emit(f"member.identity_{what}", member=member, identity_kind=kind)
    await audit.note(
        f"members.identity_{what}",
        member=member,
        subject=("identity", identity),
        kind=kind,
        moved=moved,
        verified=verified,
    )


async def _touch(member: UUID) -> None:
    await execute("UPDATE member SET updated_at = $2, version = version + 1 WHERE id = $1", member, clock.now())
