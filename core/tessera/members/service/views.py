"""Members as they are shown: one with everything, many with a line each; the one place where values are masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from tessera.access import sealing
from tessera.access.actor import actor
from tessera.kernel.database import fetch
from tessera.members import identities
from tessera.members.birthdays import said
from tessera.members.normalise import Birthday, LunarDay
from tessera.members.service.scope import in_scope, members_seen, present, survivor_of, unknown
from tessera_hooks import Text


@dataclass(frozen=True)
class IdentityView:
    """One identity or contact of a member; ``value`` is masked unless it may be seen."""

    id: UUID
    kind: str
    value: str
    is_primary: bool
    verified: bool
    is_contact: bool = False


@dataclass(frozen=True)
class MemberView:
    """A member as the actor may see them.

    ``revealed`` says whether sealed values stand here readable, ``revealable`` whether the actor may have
    one of them revealed.
    """

    id: UUID
    number: str
    name: str
    phone: str | None
    email: str | None
    gender: str | None
    birthday: Birthday | None
    address: str | None
    language: str | None
    timezone: str | None
    store: UUID | None
    source: str | None
    stage: str
    joined_on: date | None
    created_at: datetime
    updated_at: datetime
    version: int
    revealed: bool
    identities: Sequence[IdentityView] = field(default=())
    revealable: bool = False

    @property
    def title(self) -> str:
        """What to call them where there may be no name."""
        return self.name or self.number

    @property
    def birthday_words(self) -> Text:
        """The birthday as people read it; empty where none is known."""
        return said(self.birthday)

    def age_on(self, day: date) -> int | None:
        """Age in whole years on a day; ``None`` without a year of birth."""
        born = self.birthday.born_on if self.birthday is not None else None
        if born is None:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True)
class MemberLine:
    """A member in a list; the phone is always masked."""

    id: UUID
    number: str
    name: str
    phone: str | None
    stage: str
    store: UUID | None
    joined_on: date | None
    tier: str | None = None

    @property
    def title(self) -> str:
        """What to call them where there may be no name."""
        return self.name or self.number


def may_reveal(store: UUID | None = None) -> bool:
    """Whether the actor may see sealed values of members of a store: a person one at a time, a program as they are.

    Of members without a home store whoever may in some store; a right for one's own members is no such
    right, see ``revealable``.
    """
    stores = actor().stores_with("members.reveal")
    return stores is None or (bool(stores) if store is None else store in stores)


def shows_whole(store: UUID | None = None) -> bool:
    """Whether sealed values stand readable in what the actor is answered: never in what a person is shown.

    A person reveals one value at a time (``reveal.reveal``); what a program was shown is audited as a whole.
    """
    return actor().kind in ("key", "system") and may_reveal(store)


async def revealable(rows: Sequence[Any]) -> set[UUID]:
    """Those of some members, given by ``id`` and home ``store``, of whom the actor may reveal values."""
    allowed = {row["id"] for row in rows if may_reveal(row["store"])}
    own = actor().own_with("members.reveal")
    if own is None:
        return allowed
    mine = "SELECT DISTINCT member FROM member_staff WHERE staff = $1 AND member = ANY($2)"
    return allowed | {row["member"] for row in await fetch(mine, own, [row["id"] for row in rows])}


def shown(kind: str, sealed: bytes | None, *, reveal: bool) -> str | None:
    """A sealed value, masked unless it may be revealed."""
    if sealed is None:
        return None
    value = sealing.unseal_text(sealed)
    if reveal:
        return value
    if kind == "custom":
        return sealing.MASK * 4
    return sealing.mask(value, head=3, tail=0) if kind == "address" else identities.masked(kind, value)


def birthday_of_row(row: Any) -> Birthday | None:
    """The birthday of a member's row."""
    lunar = None
    if row["lunar_month"] is not None:
        lunar = LunarDay(row["lunar_month"], row["lunar_day"], row["lunar_leap"])
    elif row["birth_month"] is None:
        return None
    return Birthday(row["birth_year"], row["birth_month"], row["birth_day"], lunar)


BIRTHDAY = ("birth_year", "birth_month", "birth_day", "lunar_month", "lunar_day", "lunar_leap")
"""The columns of a birthday."""


def birthday_columns(born: Birthday | None) -> dict[str, int | bool | None]:
    """A birthday as it is stored."""
    year, month, day, lunar = born if born is not None else Birthday(None, None, None)
    kept = (lunar.month, lunar.day, lunar.leap) if lunar is not None else (None, None, False)
    return dict(zip(BIRTHDAY, (year, month, day, *kept), strict=True))


async def member(id_: UUID, *, permission: str = "members.read") -> MemberView:
    """One member with identities; ``MemberUnknown`` where there is none that the actor may see.

    The id of a member who was merged into another answers that other.
    """
    return (await member_and_row(id_, permission=permission))[0]


async def member_and_row(
    id_: UUID, *, permission: str = "members.read", more: str = "", arguments: Sequence[Any] = ()
) -> tuple[MemberView, Any]:
    """The same with the member's row, in which the columns of ``views_and_rows`` stand."""
    found = await views_and_rows([id_], permission=permission, more=more, arguments=arguments)
    if not found and (survivor := await survivor_of(id_)) != id_:
        found = await views_and_rows([survivor], permission=permission, more=more, arguments=arguments)
    if not found:
        raise unknown()
    return found[0]


async def views(ids: Sequence[UUID], *, permission: str = "members.read") -> list[MemberView]:
    """Many members in the given order, without those that the actor may not see."""
    return [view for view, _row in await views_and_rows(ids, permission=permission)]


async def views_and_rows(
    ids: Sequence[UUID], *, permission: str = "members.read", more: str = "", arguments: Sequence[Any] = ()
) -> list[tuple[MemberView, Any]]:
    """The same with their rows; ``more`` is SQL of further columns over ``m``, with ``arguments`` from $3 on.

    One member is asked for by ``=``: of an array PostgreSQL guesses ten, finds every plan for one
    cheaper, and plans anew each time, which takes longer than the query.
    """
    one = len(ids) == 1
    rows = await fetch(
        f"SELECT m.*, {_KNOWN}{more} FROM member m WHERE {_ONE if one else _MANY}",
        ids[0] if one else list(ids),
        members_seen(permission),
        *arguments,
    )
    may = await revealable(rows)
    found = {row["id"]: (_view(row, revealable=row["id"] in may), row) for row in rows}
    return [found[id_] for id_ in ids if id_ in found]


_KNOWN = """
ARRAY(SELECT ROW(i.id, i.kind, i.sealed, i.is_primary, i.verified) FROM identity i
      WHERE i.member = m.id AND i.kind <> 'list') AS known,
ARRAY(SELECT ROW(c.id, c.kind, c.sealed) FROM contact c WHERE c.member = m.id) AS contacts"""
"""What identifies and what only reaches a member, put in order where it is read; a round trip less for each page."""

_SEEN = f"{present('m')} AND {in_scope('m.id', 2)}"
_ONE = f"m.id = $1 AND {_SEEN}"
_MANY = f"m.id = ANY($1) AND {_SEEN}"


def _view(row: Any, *, revealable: bool) -> MemberView:
    reveal = shows_whole(row["store"])
    known = _identities(row, reveal=reveal)
    return MemberView(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        phone=_first(known, "phone"),
        email=_first(known, "email"),
        gender=row["gender"],
        birthday=birthday_of_row(row),
        address=shown("address", row["address"], reveal=reveal),
        language=row["language"],
        timezone=row["timezone"],
        store=row["store"],
        source=row["source"],
        stage=row["stage"],
        joined_on=row["joined_on"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        revealed=reveal,
        identities=known,
        revealable=revealable,
    )


def _first(known: Sequence[IdentityView], kind: str) -> str | None:
    """The value that stands for a kind: the primary identity, else another, else a contact."""
    return next((one.value for one in known if one.kind == kind), None)


def _identities(row: Any, *, reveal: bool) -> list[IdentityView]:
    """What ``_KNOWN`` found of one member, primary ones first and contacts last."""
    known = [
        IdentityView(id_, kind, str(shown(kind, sealed, reveal=reveal)), is_primary, verified)
        for id_, kind, sealed, is_primary, verified in sorted(row["known"], key=_primary_first)
    ]
    contacts = [
        IdentityView(id_, kind, str(shown(kind, sealed, reveal=reveal)), False, False, True)
        for id_, kind, sealed in sorted(row["contacts"], key=_by_id)
    ]
    return known + contacts


def _primary_first(identity: Any) -> tuple[bool, UUID]:
    return not identity[3], identity[0]


_by_id = itemgetter(0)


LINE = """
SELECT m.id, m.number, m.name, m.stage, m.store, m.joined_on, m.tier, coalesce(
    (SELECT i.sealed FROM identity i WHERE i.member = m.id AND i.kind = 'phone'
     ORDER BY i.is_primary DESC, i.id LIMIT 1),
    (SELECT c.sealed FROM contact c WHERE c.member = m.id AND c.kind = 'phone' ORDER BY c.id LIMIT 1)
) AS phone
FROM member m
"""
"""The query of list lines, to be followed by its conditions."""


def line(row: Any) -> MemberLine:
    """A row of ``LINE`` as it is shown."""
    return MemberLine(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        phone=shown("phone", row["phone"], reveal=False),
        stage=row["stage"],
        store=row["store"],
        joined_on=row["joined_on"],
        tier=row["tier"],
    )


async def lines(ids: Sequence[UUID]) -> list[MemberLine]:
    """Lines of given members in the given order; the caller has checked that they may be seen."""
    found = {row["id"]: row for row in await fetch(f"{LINE} WHERE m.id = ANY($1)", list(ids))}
    return [line(found[id_]) for id_ in ids if id_ in found]


async def titles(ids: Sequence[UUID]) -> dict[UUID, str]:
    """What those of some members are called whom the actor may see."""
    rows = await fetch(
        f"SELECT m.id, coalesce(nullif(m.name, ''), m.number) AS title FROM member m "
        f"WHERE m.id = ANY($1) AND {in_scope('m.id', 2)}",
        list(ids),
        members_seen(),
    )
    return {row["id"]: row["title"] for row in rows}
