"""The column "tier" of a list of members: what they had elsewhere, until their qualification ends here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel import events
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch
from tessera.members.imports import MemberColumn, MemberValue
from tessera.members.normalise import Unusable
from tessera.tiers.service.by_hand import give_back
from tessera.tiers.service.defined import TierFacts, tier_of, tiers
from tessera.tiers.service.moving import Evidence, Move, lasts_until, write_moves
from tessera_hooks import _

HEADERS = ("等级", "会员等级", "级别", "会员级别", "等級", "會員等級", "tier", "level", "member level", "grade")

_HELD = """
SELECT m.id, m.tier, to_jsonb(t) AS held FROM member m LEFT JOIN member_tier t ON t.member = m.id
WHERE m.id = ANY($1) ORDER BY m.id FOR NO KEY UPDATE OF m
"""


def columns() -> Iterable[MemberColumn]:
    """The column, where there is more than the tier that members begin with."""
    return [COLUMN] if len(tiers()) > 1 else []


def parse(text: str) -> str:
    """The code of the tier that is called so, by its code or its name in any language."""
    wanted = text.strip().casefold()
    for tier in tiers():
        if wanted in {tier.code.casefold(), tier.title.casefold(), *(name.casefold() for name in tier.name.values())}:
            return tier.code
    raise Unusable(_("there is no such tier: add it in the settings, or leave the column out"))


async def load(values: Sequence[MemberValue], batch: UUID) -> Mapping[int, Any]:
    """Bring members up to the tier that they had; nobody goes down by a list. Answers what was there before."""
    rows = {row["id"]: row for row in await fetch(_HELD, sorted({value.member for value in values}))}
    known, moves, before = {tier.code: tier for tier in tiers()}, list[Move](), dict[int, Any]()
    moving: set[UUID] = set()
    for value in values:
        row, wanted = rows.get(value.member), known.get(value.value)
        if row is None or wanted is None or value.member in moving or wanted.rank <= tier_of(row["tier"]).rank:
            continue
        moving.add(value.member)
        moves.append(_brought(value.member, tier_of(row["tier"]), wanted))
        before[value.line] = {"tier": row["tier"], "held": row["held"]}
    await write_moves(moves)
    return before


def _brought(member: UUID, before: TierFacts, after: TierFacts) -> Move:
    evidence = Evidence(tier=after.code, version=after.version)
    until = lasts_until(after, business().today())
    return Move(member=member, before=before, after=after, why="brought", evidence=evidence, until=until)


_BROUGHT = """
SELECT c.member, c.after, r.before -> 'columns' -> 'tier' AS was FROM tier_change c
JOIN import_row r ON r.batch = c.batch AND r.target = c.member AND r.before -> 'columns' ? 'tier'
WHERE c.batch = $1 AND c.why = 'brought'
"""


async def undo(batch: UUID) -> None:
    """Put those whom a list brought up back to where they were, unless their tier has changed since.

    That too belongs to the import, so that nothing seems to have been built on it.
    """
    rows = await fetch(_BROUGHT, batch)
    for row in rows:
        member = await fetch("SELECT tier FROM member WHERE id = $1", row["member"])
        if not member or tier_of(member[0]["tier"]).code != row["after"] or row["was"] is None:
            continue
        held = row["was"].get("held")
        kept = msgspec.json.encode(held).decode() if held is not None else None
        with events.importing(batch):
            await give_back(
                row["member"], kept, tier_of(row["after"]), tier_of(row["was"].get("tier")), "import_undone"
            )
    made = "SELECT id FROM member WHERE batch = $1 AND tier IS NOT NULL"
    await execute(f"DELETE FROM member_tier WHERE member IN ({made})", batch)
    await execute("UPDATE member SET tier = NULL WHERE batch = $1 AND tier IS NOT NULL", batch)
    await execute("DELETE FROM tier_change WHERE batch = $1", batch)


COLUMN = MemberColumn(field="tier", title=_("Tier"), headers=HEADERS, parse=parse, load=load, undo=undo)
