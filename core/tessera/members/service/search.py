"""Finding members: by name, pinyin, initials, number, last digits, or an exact identity."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.kernel.database import fetch
from tessera.members import identities, names
from tessera.members.service.scope import in_scope, members_seen, present
from tessera.members.service.views import LINE, MemberLine, line, lines

MOST = 50
"""How many members a search answers."""

_SPARE = 4
"""A member has several words that begin alike, so a few more rows are read than members are wanted."""


async def search(q: str, limit: int = MOST, *, store: UUID | None = None) -> list[MemberLine]:
    """The members that a query finds among those the actor may see, in the order of the name index.

    An exact identity (phone, e-mail, card, id of another system) comes first. Each word of the query
    must begin some word of the member. ``store`` narrows to one store.
    """
    return await lines(await search_ids(q, limit, store=store))


async def search_ids(q: str, limit: int = MOST, *, store: UUID | None = None) -> list[UUID]:
    """The ids that ``search`` answers, in its order."""
    scope = narrowed(store)
    found = await _exact(q, scope)
    words = names.query_tokens(q)
    if words and len(found) < limit:
        found += [id_ for id_ in await _by_words(words, limit, scope) if id_ not in found]
    return found[:limit]


def narrowed(store: UUID | None) -> list[UUID] | None:
    """The stores to look in: those of the actor, or one of them."""
    seen = members_seen()
    if store is None:
        return seen
    return [store] if seen is None or store in seen else []


async def _exact(q: str, scope: Sequence[UUID] | None) -> list[UUID]:
    wanted = identities.possible(q)
    if not wanted:
        return []
    rows = await fetch(
        "SELECT DISTINCT a.member FROM unnest($1::text[], $2::bytea[]) AS w (kind, lookup) CROSS JOIN LATERAL ("
        "  SELECT i.member, 0 AS place FROM identity i WHERE i.kind = w.kind AND i.lookup = w.lookup"
        "  UNION ALL SELECT c.member, 1 FROM contact c WHERE c.kind = w.kind AND c.lookup = w.lookup"
        f") a WHERE {in_scope('a.member', 3)} ORDER BY a.member LIMIT {MOST}",
        [known.kind for known in wanted],
        [known.lookup for known in wanted],
        scope,
    )
    return [row["member"] for row in rows]


async def _by_words(words: Sequence[str], limit: int, scope: Sequence[UUID] | None) -> list[UUID]:
    """Members of whose words each query word begins one, read along the index from the longest word.

    The longest word leads because it is the rarest; the others are looked up member by member. Rows
    come in the order of the index, so that reading stops as soon as enough members were found.
    """
    leading, *others = sorted(dict.fromkeys(words), key=len, reverse=True)[:5]
    conditions = "".join(
        f" AND EXISTS (SELECT 1 FROM member_token o{n} WHERE o{n}.member = t.member AND {_begins(f'o{n}', n)})"
        for n, _word in enumerate(others, start=4)
    )
    sql = (
        f"SELECT t.member FROM member_token t WHERE {_begins('t', 1)} AND {in_scope('t.member', 2)}{conditions} "
        "ORDER BY t.token, t.name_key, t.member LIMIT $3"
    )
    want = limit * _SPARE
    while True:
        rows = await fetch(sql, leading, scope, want, *others)
        found = list(dict.fromkeys(row["member"] for row in rows))
        if len(found) >= limit or len(rows) < want:
            return found[:limit]
        want *= 4


def _begins(alias: str, placeholder: int) -> str:
    """That a token begins with a word: a range of the bytewise index, whichever plan is made.

    A pattern as parameter would leave the index to the planner's luck; the last code point is above
    every token's next character.
    """
    return f"{alias}.token >= ${placeholder}::text AND {alias}.token < ${placeholder}::text || chr(1114111)"


async def newest(
    limit: int = MOST, *, store: UUID | None = None, stage: str | None = None, before: UUID | None = None
) -> list[MemberLine]:
    """Members in the order of their creation, the newest first; ``before`` goes on from an id."""
    rows = await fetch(
        f"{LINE} WHERE {present('m')} AND {in_scope('m.id', 1)} AND ($2::text IS NULL OR m.stage = $2) "
        "AND ($3::uuid IS NULL OR m.id < $3) ORDER BY m.id DESC LIMIT $4",
        narrowed(store),
        stage,
        before,
        limit,
    )
    return [line(row) for row in rows]
