"""Taking an import's points back: nothing is deleted, every entry of the batch gets its opposite."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import Conflict
from tessera.points.ledger import Cause, LotRow, Posting, settling
from tessera.points.rows import lot_row
from tessera_hooks import _


class PointsInUse(Conflict):
    """Something was booked upon the points that are to be taken back."""

    code = "points_in_use"


_IN_USE = """
WITH used AS (
    SELECT a.lot FROM allocation a JOIN entry later ON later.id = a.entry
      JOIN lot l ON l.id = a.lot JOIN entry opened ON opened.id = l.entry
    WHERE opened.batch = $1 AND later.batch IS DISTINCT FROM $1 AND later.source_id IS DISTINCT FROM $1
      AND later.kind <> 'expire'
    GROUP BY a.lot HAVING sum(a.amount) <> 0)
SELECT count(*) FROM entry later
WHERE later.batch IS DISTINCT FROM $1 AND later.source_id IS DISTINCT FROM $1 AND later.kind <> 'expire'
  AND (later.account, later.unit) IN (SELECT account, unit FROM entry WHERE batch = $1)
  AND (later.kind = 'reverse' AND later.reverses IN (SELECT id FROM entry WHERE batch = $1)
       OR EXISTS (SELECT 1 FROM allocation a JOIN used u ON u.lot = a.lot WHERE a.entry = later.id)
       OR later.debt_change <> 0
          AND later.seq > (SELECT min(e.seq) FROM entry e
                           WHERE e.batch = $1 AND e.account = later.account AND e.unit = later.unit))
"""
"""What weighs on a batch now: a lot from which others took and into which they gave back all of it is as it was."""

_ENTRIES = """
SELECT e.id, e.account, e.unit, e.kind, e.amount, e.debt_change, e.purchase, e.store FROM entry e
WHERE e.batch = $1 AND e.kind <> 'undo'
  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id AND r.kind = 'undo')
ORDER BY e.account, e.unit, e.seq DESC
"""

_TAKEN = """
SELECT a.entry AS taker, a.amount AS part, l.* FROM allocation a JOIN lot l ON l.id = a.lot
WHERE a.entry IN (SELECT id FROM entry WHERE batch = $1)
"""

_OPENED = "SELECT * FROM lot WHERE entry IN (SELECT id FROM entry WHERE batch = $1)"


async def undo_batch(batch: UUID) -> int:
    """Reverse all entries of an import, newest first, and answer how many.

    Refused as a whole where points of the batch are spent, or a debt moved since, outside of it; what was spent and
    has come back altogether is in nobody's way. A debt
    that a credit of the batch had paid is owed again; what expired meanwhile stays expired.
    """

    async def work() -> int:
        accounts = await fetch("SELECT DISTINCT account, unit FROM entry WHERE batch = $1", batch)
        by_unit: dict[str, list[UUID]] = defaultdict(list)
        for row in accounts:
            by_unit[row["unit"]].append(row["account"])
        postings = {unit: await Posting.open(ids, unit) for unit, ids in by_unit.items()}
        if used := await fetchval(_IN_USE, batch):
            raise PointsInUse(
                _("points of this import were used since, in {n} entries: it cannot be taken back", n=used),
                entries=used,
            )
        return await _reverse(batch, postings)

    return await in_transaction(work)


async def _reverse(batch: UUID, postings: dict[str, Posting]) -> int:
    rows = await fetch(_ENTRIES, batch)
    lots = {row["id"]: lot_row(row) for row in await fetch(_OPENED, batch)}
    opened = {lot.entry: lot for lot in lots.values()}
    taken: dict[UUID, list[tuple[LotRow, int]]] = defaultdict(list)
    for row in await fetch(_TAKEN, batch):
        taken[row["taker"]].append((lots.setdefault(row["id"], lot_row(row)), row["part"]))
    for row in rows:
        posting = postings[row["unit"]]
        cause = Cause(
            reason="import undone",
            source="undo",
            source_id=batch,
            purchase=row["purchase"],
            at=posting.now,
            store=row["store"],
            reverses=row["id"],
        )
        if row["amount"] > 0:
            given = [(lot, -part) for lot, part in taken[row["id"]] if part < 0]
            lot = opened.get(row["id"])
            left = [(lot, lot.remaining)] if lot is not None and lot.remaining else []
            posting.debit(row["account"], "undo", [*given, *left], cause, owed=-row["debt_change"])
        else:
            posting.restore(row["account"], taken[row["id"]], cause, debt=row["debt_change"])
    for posting in postings.values():
        await posting.settle(settling(posting.now))
        await posting.write()
    return len(rows)
