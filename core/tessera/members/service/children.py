"""Children under 14, for whom a guardian decides."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchrow
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service.scope import survivor_of, visible_among
from tessera_hooks import _

OF_AGE = 14
"""Years from which on people may agree for themselves.

The personal information of those under 14 is sensitive and needs the consent of a parent or another
guardian: Personal Information Protection Law of China, articles 28 and 31, in force since 1 November 2021.
Years of age are complete on the day after the birthday, as the Supreme People's Court counts them.
"""


class GuardianNeeded(Invalid):
    """Someone under 14 cannot agree; ``guardians`` are the linked ones who can, as far as the actor may see them."""

    code = "guardian_needed"


async def guardians_of(member: UUID) -> list[UUID]:
    """Who is guardian of a member today, whoever may see them."""
    rows = await fetch(
        "SELECT other FROM member_link WHERE member = $1 AND kind = 'guardian' "
        "AND (since IS NULL OR since <= $2) AND (until IS NULL OR until >= $2) ORDER BY id",
        member,
        business().today(),
    )
    return [row["other"] for row in rows]


async def is_child(member: UUID) -> bool:
    """Whether someone else must agree for a member.

    Known by the date of birth. Where its year is not known, a member who has a guardian is taken for a
    child and any other for an adult: a guardian is noted for those who cannot decide themselves.
    """
    row = await fetchrow("SELECT birth_year, birth_month, birth_day FROM member WHERE id = $1", member)
    if row is None:
        return False
    if row["birth_year"] is None:
        return bool(await guardians_of(member))
    return is_under_age(row, business().today())


def is_under_age(row: Any, today: date) -> bool:
    """Whether a member's row, whose year of birth is known, is that of a child on a day."""
    years = today.year - row["birth_year"]
    return years < OF_AGE or (years == OF_AGE and (today.month, today.day) <= (row["birth_month"], row["birth_day"]))


async def need_guardian(member: UUID, guardian: UUID | None, *, granted: bool) -> UUID | None:
    """Who gave the word for a member: refused unless a guardian of theirs agrees for a child.

    Refusing never needs anyone. Where a guardian is named they must be linked as one, for adults too.
    """
    if guardian is None and not (granted and await is_child(member)):
        return None
    linked = await guardians_of(member)
    present = await survivor_of(guardian) if guardian is not None else None
    if present in linked:
        return present
    if guardian is not None:
        message = _("this is no guardian of the member: link them as guardian first")
    elif linked:
        message = _("the member is under 14: only a guardian can agree; say which one")
    else:
        message = _("the member is under 14: link a guardian first, then note that they agree")
    seen = await visible_among(linked, "members.read")
    raise GuardianNeeded(message, [FieldError("by", message)], guardians=[str(one) for one in linked if one in seen])
