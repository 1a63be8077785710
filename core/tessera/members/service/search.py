"""Finding members among those one sees: by name, pinyin, initials, number, or the last digits of the phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.database import fetch, fetchrow
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.plugins import host
from tessera.members import names
from tessera.members.service.scope import in_scope, members_seen, present, stores_seen, visible_among
from tessera.members.service.views import LINE, MemberLine, line, lines
from tessera_hooks import _

MOST = 50
"""How many members a search answers."""

_SPARE = 2
"""A member has several words that begin alike, so a few more rows are read than members are wanted."""


@dataclass(frozen=True)
class Narrowing:
    """What members of a list have in common; ``tag`` is its name, whatever the case of its letters.

    ``tier`` is what members of it carry, in a tuple of one: nothing for the tier that they begin with.
    """

    store: UUID | None = None
    stage: str | None = None
    tag: str | None = None
    tier: tuple[str | None] | None = None

    def scope(self) -> list[UUID] | None:
        """Where to look: in the stores of the actor, or one of them, and among those the actor is responsible for."""
        seen = members_seen()
        if self.store is None:
            return seen
        own = actor().own_with("members.read")
        here = [self.store] if seen is None or self.store in seen else []
        return here if own is None or seen is None else [*here, own]

    def seen(self, member: str, placeholder: int) -> str:
        """The condition that a member is in the scope, which is the argument of the placeholder.

        Whoever sees none but those they are responsible for begins at these few, not at the index of all;
        whoever is responsible for nobody is not asked for them member by member.
        """
        if stores_seen() == []:
            return f"{member} IN (SELECT r.member FROM member_staff r WHERE r.staff = ANY(${placeholder}))"
        if actor().own_with("members.read") is not None:
            return in_scope(member, placeholder)
        linked = f"SELECT true FROM member_store s WHERE s.member = {member} AND s.store = ANY(${placeholder}) LIMIT 1"
        return f"(${placeholder}::uuid[] IS NULL OR ({linked}))"

    def conditions(self, member: str, first: int) -> tuple[str, list[Any]]:
        """The conditions beyond the scope on the column with a member's id, and their arguments."""
        sql, arguments = "", list[Any]()
        if self.store is not None:
            sql += f" AND EXISTS (SELECT 1 FROM member_store x WHERE x.member = {member} AND x.store = ${first})"
            arguments.append(self.store)
        if self.stage is not None:
            place = first + len(arguments)
            sql += f" AND EXISTS (SELECT 1 FROM member n WHERE n.id = {member} AND n.stage = ${place})"
            arguments.append(self.stage)
        if self.tag is not None:
            sql += (
                " AND EXISTS (SELECT 1 FROM tag g JOIN member_tag w ON w.tag = g.id "
                f"WHERE lower(g.name) = lower(${first + len(arguments)}) AND w.member = {member})"
            )
            arguments.append(self.tag)
        if self.tier is not None:
            place = first + len(arguments)
            same = f"n.tier = ${place}" if self.tier[0] is not None else f"n.tier IS NULL AND ${place}::text IS NULL"
            sql += f" AND EXISTS (SELECT 1 FROM member n WHERE n.id = {member} AND {same})"
            arguments.append(self.tier[0])
        return sql, arguments


async def search(q: str, limit: int = MOST, *, store: UUID | None = None) -> list[MemberLine]:
    """The members that a query finds among those the actor may see, in the order of the name index.

    Each word of the query must begin some word of the member. An exact phone, address or card finds
    nobody here: that is a lookup, which is counted.
    """
    return await lines(await search_ids(q, limit, Narrowing(store=store)))


async def search_ids(
    q: str, limit: int = MOST, narrowing: Narrowing | None = None, *, after: UUID | None = None
) -> list[UUID]:
    """The ids that ``search`` answers, in its order; ``after`` goes on from the last of another answer.

    Read along the index from the longest word, which leads because it is the rarest; the others are
    looked up member by member. Rows come in the order of the index, so that reading stops as soon as
    enough members were found.
    """
    words = sorted(names.query_tokens(q), key=len, reverse=True)[:5]
    if not words:
        return []
    narrowing = narrowing or Narrowing()
    scope = narrowing.scope()
    arguments = [*words[1:], *(await _place(words[0], after, scope) if after is not None else ())]
    sql = (
        f"SELECT t.member FROM member_token t WHERE {_begins('t', 1)} AND {narrowing.seen('t.member', 2)}"
        f"{_other_words(len(words) - 1)}{_beyond(len(words) + 3) if after is not None else ''}"
    )
    narrow, more = narrowing.conditions("t.member", len(arguments) + 4)
    sql += f"{narrow} ORDER BY t.token, t.name_key, t.member LIMIT $3"
    want = limit * _SPARE
    while True:
        rows = await fetch(sql, words[0], scope, want, *arguments, *more)
        found = list(dict.fromkeys(row["member"] for row in rows))
        if len(found) >= limit or len(rows) < want:
            return found[:limit]
        want *= 4


def _other_words(others: int) -> str:
    return "".join(
        f" AND EXISTS (SELECT 1 FROM member_token o{n} WHERE o{n}.member = t.member AND {_begins(f'o{n}', n)})"
        for n in range(4, 4 + others)
    )


def _beyond(first: int) -> str:
    """That a row comes after a place in the index, and is the first that its member has there at all."""
    return (
        f" AND (t.token, t.name_key, t.member) > (${first}, ${first + 1}, ${first + 2}) AND ("
        f"SELECT true FROM member_token e WHERE e.member = t.member AND {_begins('e', 1)} AND e.token < t.token LIMIT 1"
        ") IS NULL"
    )


async def _place(word: str, member: UUID, scope: Sequence[UUID] | None) -> tuple[str, str, UUID]:
    """Where a member stands among those that a word finds; refused for one who stands there no more.

    The cursor is the member's id and nothing else, so that no name stands in an address.
    """
    row = await fetchrow(
        f"SELECT t.token, t.name_key FROM member_token t WHERE t.member = $3 AND {_begins('t', 1)} "
        f"AND {in_scope('t.member', 2)} ORDER BY t.token LIMIT 1",
        word,
        scope,
        member,
    )
    if row is None:
        message = _("the cursor is not one that was given here: begin without it")
        raise Invalid(message, [FieldError("cursor", message)])
    return row["token"], row["name_key"], member


def _begins(alias: str, placeholder: int) -> str:
    """That a token begins with a word: a range of the bytewise index, whichever plan is made.

    A pattern as parameter would leave the index to the planner's luck; the last code point is above
    every token's next character.
    """
    return f"{alias}.token >= ${placeholder}::text AND {alias}.token < ${placeholder}::text || chr(1114111)"


async def found_by_plugins(q: str, limit: int = MOST) -> list[UUID]:
    """Whom plugins find by what they keep, of those the actor may see; one that fails is left out."""
    answers = await host().ask("search_members", actor().store, q=q, limit=limit)
    wanted = list(dict.fromkeys(member for _owner, members in answers for member in members))
    seen = set(await visible_among(wanted, "members.read")) if wanted else set()
    return [member for member in wanted if member in seen][:limit]


async def newest(
    limit: int = MOST, narrowing: Narrowing | None = None, *, before: UUID | None = None
) -> list[MemberLine]:
    """Members in the order of their creation, the newest first; ``before`` goes on from an id."""
    narrowing = narrowing or Narrowing()
    scope, (narrow, more) = narrowing.scope(), narrowing.conditions("m.id", 4)
    kept = f"{present('m')} AND ($2::uuid IS NULL OR m.id < $2){narrow}"
    among = "$1::uuid[] IS NULL" if scope is None else f"m.id IN ({_newest_in_scope(kept)})"
    rows = await fetch(f"{LINE} WHERE {among} AND {kept} ORDER BY m.id DESC LIMIT $3", scope, before, limit, *more)
    return [line(row) for row in rows]


def _newest_in_scope(kept: str) -> str:
    """The newest members of each store that one sees, and of those one is responsible for.

    Read backwards along the keys (store, member), so that it takes no longer where few of many are seen.
    """
    newest = f"{kept} ORDER BY m.id DESC LIMIT $3"
    return (
        "SELECT x.id FROM unnest($1::uuid[]) AS w (store) CROSS JOIN LATERAL ("
        f"SELECT m.id FROM member_store s JOIN member m ON m.id = s.member WHERE s.store = w.store AND {newest}) x "
        f"UNION (SELECT m.id FROM member_staff r JOIN member m ON m.id = r.member WHERE r.staff = ANY($1) AND {newest})"
    )
