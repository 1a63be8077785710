"""How much a rule may still give a member: counted from the entries of locked accounts, so exact in a race."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.points.earning.reckoning import Worth
from tessera.points.ledger import POINTS
from tessera_hooks import Award, EarningSpec

_GIVEN = """
SELECT a.member, e.rule, CASE WHEN (e.at AT TIME ZONE $3)::date = ANY ($4) THEN (e.at AT TIME ZONE $3)::date END AS day,
       sum(CASE WHEN r.amount <> 0 THEN greatest(e.amount + r.amount, 0)
                ELSE e.amount - floor(e.amount * coalesce(t.taken / nullif(t.earned, 0), 0)) END)::bigint AS given
FROM account a JOIN entry e ON e.account = a.id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.amount), 0) AS amount FROM entry r
    WHERE r.reverses = e.id AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.reverses = r.id AND u.kind = 'undo')) r
CROSS JOIN LATERAL (
    SELECT sum(-p.amount) FILTER (WHERE p.kind = 'take_back') AS taken,
           sum(p.amount) FILTER (WHERE p.kind = 'earn') AS earned
    FROM entry p WHERE p.purchase = e.purchase AND p.account = e.account AND p.unit = e.unit
      AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.reverses = p.id)) t
WHERE a.member = ANY ($1) AND e.unit = $5 AND e.kind = 'earn' AND e.rule = ANY ($2)
GROUP BY 1, 2, 3
"""
"""What each rule has given on some days, and on all others together; what was taken back is given no longer.

A return takes back what all rules gave for a purchase in one entry: of each rule its share, rounded down, so that
no more room is made than points have gone. What had expired and was forgiven was given, and makes none.
"""


def is_capped(spec: EarningSpec) -> bool:
    """Whether what a rule gives hangs on what it has given before."""
    return spec.first_purchase or spec.most_per_day is not None or spec.most_per_member is not None


@dataclass
class Given:
    """What rules have given members so far, on days of the business's zone and in all."""

    on: dict[tuple[UUID, str, date], int] = field(default_factory=dict)
    in_all: dict[tuple[UUID, str], int] = field(default_factory=dict)

    def add(self, member: UUID, rule: str, day: date | None, points: int) -> None:
        """Count what is given now."""
        self.in_all[member, rule] = self.in_all.get((member, rule), 0) + points
        if day is not None:
            self.on[member, rule, day] = self.on.get((member, rule, day), 0) + points

    def cut(self, award: Award, worths: Iterable[Worth]) -> list[Worth]:
        """What is left of each after its caps; what is left of nothing is left out. Counts what it answers."""
        day = clock.local_day(award.at, business().timezone)
        left = [self._cut(award.member, day, worth) for worth in worths]
        kept = [worth for worth in left if worth.points > 0]
        for worth in kept:
            self.add(award.member, worth.version.code, day, worth.points)
        return kept

    def _cut(self, member: UUID, day: date, worth: Worth) -> Worth:
        spec, code = worth.version.spec, worth.version.code
        so_far = self.in_all.get((member, code), 0)
        if spec.first_purchase and so_far > 0:
            return replace(worth, points=0)
        rooms = [
            (most - used, kind, most)
            for kind, most, used in (
                ("day", spec.most_per_day, self.on.get((member, code, day), 0)),
                ("member", spec.most_per_member, so_far),
            )
            if most is not None
        ]
        room, kind, most = min(rooms, default=(worth.points, "", 0))
        if room >= worth.points:
            return worth
        facts = {**worth.facts, "reckoned": worth.points, "cap": {"kind": kind, "most": most}}
        return replace(worth, points=max(0, room), facts=facts)


async def given_before(wanted: Mapping[UUID, Sequence[Award]], worths: Iterable[Worth]) -> Given:
    """What those rules that have caps have given members already, each with the awards that are about to be counted.

    One statement, and none where no rule has a cap.
    """
    codes = sorted({worth.version.code for worth in worths if is_capped(worth.version.spec)})
    given = Given()
    if not codes:
        return given
    zone = business().timezone
    days = sorted({clock.local_day(award.at, zone) for awards in wanted.values() for award in awards})
    for row in await fetch(_GIVEN, sorted(wanted), codes, zone, days, POINTS):
        given.add(row["member"], row["rule"], row["day"], row["given"])
    return given
