"""Pairs of members who look like one person: noted on entry and on import, shown, dismissed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import NotFound
from tessera.kernel.ids import uuid7
from tessera.members.service.duplicates.finding import ordered, pairs_among, stored_traits, write_keys
from tessera.members.service.duplicates.scoring import REASONS, WEIGHTS, Score
from tessera.members.service.duplicates.traits import Traits, keys
from tessera.members.service.scope import in_scope, members_seen, need_visible, present
from tessera.members.service.views import MemberView, views
from tessera_hooks import Text, _

PAGE = 20
"""Pairs of one page."""


class PairUnknown(NotFound):
    """There is no such pair, or one of the two is not visible to this actor."""

    code = "duplicate_unknown"


@dataclass(frozen=True)
class Pair:
    """Two members side by side, and why they may be one person; ``one`` was there first."""

    id: UUID
    one: MemberView
    other: MemberView
    reasons: Sequence[str]
    score: int
    batch: UUID | None
    found_at: datetime

    @property
    def words(self) -> list[Text]:
        """The reasons in words."""
        return [REASONS[code] for code in self.reasons if code in REASONS]


_NOTE = """
INSERT INTO duplicate (id, one, other, reasons, score, state, batch, found_at)
SELECT n.id, n.one, n.other, n.reasons::jsonb, n.score, 'open', $6, $7
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::smallint[]) AS n (id, one, other, reasons, score)
ON CONFLICT (one, other) DO NOTHING
"""

_SEEN = f"""
SELECT d.id, d.one, d.other, d.reasons, d.score, d.batch, d.found_at
FROM duplicate d JOIN member a ON a.id = d.one JOIN member b ON b.id = d.other
WHERE d.state = 'open' AND {present("a")} AND {present("b")} AND {in_scope("a.id", 1)} AND {in_scope("b.id", 1)}
"""


async def note_new(
    people: Mapping[UUID, Traits], made: Mapping[UUID, Sequence[int]], batch: UUID | None = None
) -> None:
    """Write the keys of new members and note the pairs that they make.

    ``made`` are their keys, which an import computes beforehand. Two queries more for any number of
    people, and two where someone is alike.
    """
    await write_keys(made)
    await note_pairs(await pairs_among(people, made), batch)


async def note_entered(member: UUID) -> None:
    """Note whom someone who was just made a member looks like."""
    people = await stored_traits([member])
    await note_new(people, {id_: keys(one) for id_, one in people.items()})


async def note_pairs(found: Mapping[tuple[UUID, UUID], Score], batch: UUID | None = None) -> None:
    """Note pairs that are not known; what was dismissed once stays so."""
    if not found:
        return
    await execute(
        _NOTE,
        [uuid7() for _pair in found],
        [one for one, _other in found],
        [other for _one, other in found],
        [_json(it.reasons) for it in found.values()],
        [min(it.points, 32767) for it in found.values()],
        batch,
        clock.now(),
    )


async def note_torn(members: Sequence[UUID], batch: UUID) -> None:
    """Note that one row of a list named several members."""
    it = Score(WEIGHTS["one_row"], ("one_row",))
    first, *others = members
    await note_pairs({ordered(first, other): it for other in others}, batch)


def _json(reasons: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{code}"' for code in reasons) + "]"


async def open_pairs(limit: int = PAGE, *, before: UUID | None = None, batch: UUID | None = None) -> list[Pair]:
    """Pairs nobody has decided about, the newest first, of which the actor may see both."""
    rows = await fetch(
        f"{_SEEN} AND ($2::uuid IS NULL OR d.id < $2) AND ($3::uuid IS NULL OR d.batch = $3) "
        "ORDER BY d.id DESC LIMIT $4",
        members_seen(),
        before,
        batch,
        limit,
    )
    return await _pairs(rows)


async def pairs_of(member: UUID) -> list[Pair]:
    """The open pairs of one member, the most alike first."""
    id_ = await need_visible(member)
    rows = await fetch(
        f"{_SEEN} AND $2 IN (d.one, d.other) ORDER BY d.score DESC, d.id DESC LIMIT {PAGE}", members_seen(), id_
    )
    return await _pairs(rows)


async def count_open(batch: UUID | None = None) -> int:
    """How many pairs wait for a decision of this actor, of one import or of all."""
    found: int = await fetchval(
        f"SELECT count(*) FROM ({_SEEN} AND ($2::uuid IS NULL OR d.batch = $2)) p", members_seen(), batch
    )
    return found


async def pair(id_: UUID) -> Pair:
    """One open pair."""
    rows = await fetch(f"{_SEEN} AND d.id = $2", members_seen(), id_)
    found = await _pairs(rows)
    if not found:
        raise _unknown()
    return found[0]


async def dismiss(id_: UUID) -> None:
    """Two people after all: they are not shown as one again. Twice is the same as once."""

    async def work() -> None:
        row = await fetchrow(
            "SELECT d.one, d.other, d.state FROM duplicate d WHERE d.id = $1 "
            f"AND {in_scope('d.one', 2)} AND {in_scope('d.other', 2)} FOR UPDATE",
            id_,
            members_seen("members.write"),
        )
        if row is None:
            raise _unknown()
        if row["state"] == "dismissed":
            return
        await execute(
            "UPDATE duplicate SET state = 'dismissed', decided_at = $2, decided_by = $3 WHERE id = $1",
            id_,
            clock.now(),
            str(actor().label)[:200],
        )
        await audit.note("members.duplicate_dismissed", member=row["one"], subject=("member", row["other"]))

    await in_transaction(work)


async def _pairs(rows: Sequence[Any]) -> list[Pair]:
    ids = list({row[side] for row in rows for side in ("one", "other")})
    known = {view.id: view for view in await views(ids)} if ids else {}
    return [
        Pair(
            id=row["id"],
            one=known[row["one"]],
            other=known[row["other"]],
            reasons=list(row["reasons"]),
            score=row["score"],
            batch=row["batch"],
            found_at=row["found_at"],
        )
        for row in rows
        if row["one"] in known and row["other"] in known
    ]


def _unknown() -> PairUnknown:
    return PairUnknown(_("There is no such pair of members."))
