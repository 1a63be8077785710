"""Receipts of a chunk on their way into the database: purchases, returns, visits, statistics, and points if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from tessera.kernel import clock, events
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members.imports import Outcome
from tessera.points import service as points
from tessera.purchases import rows
from tessera.purchases.imports.customers import find_or_make, key_of
from tessera.purchases.imports.receipts import Part, Receipt
from tessera.purchases.rows import LineRow, PurchaseRow, ReturnLineRow, ReturnRow, Sheet
from tessera.purchases.service.buyers import Holder
from tessera.purchases.service.orphans import adopt
from tessera.purchases.service.participating import tell_settled
from tessera.purchases.service.returning import write_returns
from tessera.purchases.service.settling import settling_of
from tessera.purchases.service.sheets import PURCHASE, add_events, award_lines_of
from tessera.purchases.service.visits import zone_of
from tessera_hooks import Award, Settling, _

_KNOWN = """
SELECT external_id, id, fingerprint FROM purchase WHERE source = $1 AND external_id = ANY($2)
"""
_KNOWN_BACK = """
SELECT external_id, id, fingerprint FROM purchase_return WHERE source = $1 AND external_id = ANY($2)
"""

_TAKE_OFF = """
INSERT INTO member_stats (member, purchases, spent, visits)
SELECT r.member, 0, -sum(r.amount)::bigint, 0 FROM unnest($1::uuid[], $2::bigint[]) AS r (member, amount)
GROUP BY r.member ORDER BY r.member
ON CONFLICT (member) DO UPDATE SET spent = member_stats.spent + excluded.spent
"""


class Chunk:
    """The receipts of one chunk on their way into the database."""

    def __init__(self, source: str, currency: str, batch: UUID, *, earn: bool) -> None:
        self.source = source
        self.currency = currency
        self.earn = earn
        self.batch = batch
        self.sheet = Sheet()
        self.returns: list[ReturnRow] = []
        self.return_lines: list[ReturnLineRow] = []
        self.people: dict[tuple[str, str], Holder] = {}
        self.targets: dict[str, UUID] = {}
        self.unchanged: set[str] = set()
        self.conflicts: set[str] = set()

    async def look(self, receipts: Sequence[Receipt]) -> None:
        """Tell new receipts from known ones, find their members, and make the rows of the new."""
        numbers = [receipt.number for receipt in receipts]
        known = {r["external_id"]: r for r in await fetch(_KNOWN, self.source, numbers)}
        back = {r["external_id"]: r for r in await fetch(_KNOWN_BACK, self.source, numbers)}
        new = []
        for receipt in receipts:
            pairs = [(receipt.bought, known.get(receipt.number)), (receipt.back, back.get(receipt.number))]
            stored = [row for _part, row in pairs if row is not None]
            if not stored:
                new.append(receipt)
                continue
            self.targets[receipt.number] = stored[0]["id"]
            same = all(self._is_same(part, row) for part, row in pairs)
            (self.unchanged if same else self.conflicts).add(receipt.number)
        parts = [part for receipt in new for part in (receipt.bought, receipt.back) if part is not None]
        self.people = await find_or_make(parts, self.batch, self.source)
        for receipt in new:
            self._add(receipt)

    def _is_same(self, part: Part | None, stored: Any) -> bool:
        if part is None or stored is None:
            return part is None and stored is None
        return "\\x" + bytes(stored["fingerprint"]).hex() == part.fingerprint(self.source, self.currency)

    def outcomes(self, receipt: Receipt) -> list[Outcome]:
        """What became of a receipt's rows."""
        target = self.targets[receipt.number]
        if receipt.number in self.conflicts:
            reason = _("this receipt is recorded with other contents: a correction is a return and a new number")
            return [Outcome(line, "rejected", reason=reason) for line in receipt.rows]
        action = "unchanged" if receipt.number in self.unchanged else "created"
        return [Outcome(line, action, target) for line in receipt.rows]  # type: ignore[arg-type]

    def _add(self, receipt: Receipt) -> None:
        if receipt.back is not None:
            self.targets[receipt.number] = self._add_return(receipt, receipt.back)
        if receipt.bought is not None:
            self.targets[receipt.number] = self._add_purchase(receipt.bought)

    def _holder(self, part: Part) -> Holder | None:
        return self.people[key_of(part.buyer)] if part.buyer is not None else None

    def _add_purchase(self, part: Part) -> UUID:
        holder = self._holder(part)
        store = part.store.id if part.store else None
        purchase = PurchaseRow(
            id=uuid7(),
            source=self.source,
            external_id=part.number,
            fingerprint=part.fingerprint(self.source, self.currency),
            member=holder.member if holder else None,
            account=holder.account if holder else None,
            store=store,
            staff=None,
            at=part.at.astimezone(UTC),
            currency=self.currency,
            amount=part.amount,
            discount=0,
            returned=0,
            origin=events.current_origin(),
            batch=self.batch,
            recorded_at=clock.now(),
        )
        self.sheet.purchases.append(purchase)
        self.sheet.lines += [
            LineRow(
                id=uuid7(),
                purchase=purchase.id,
                place=place,
                sku=line.sku,
                name=line.item,
                category=line.category,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line.amount,
            )
            for place, line in enumerate(part.lines, start=1)
        ]
        add_events(self.sheet, purchase, zone_of(store), lines=len(part.lines))
        return purchase.id

    def _add_return(self, receipt: Receipt, part: Part) -> UUID:
        holder = self._holder(part)
        row = ReturnRow(
            id=uuid7(),
            source=self.source,
            external_id=part.number,
            fingerprint=part.fingerprint(self.source, self.currency),
            purchase=None,
            purchase_external_id=receipt.original,
            member=holder.member if holder else None,
            store=part.store.id if part.store else None,
            at=part.at.astimezone(UTC),
            currency=self.currency,
            amount=part.amount,
            origin=events.current_origin(),
            batch=self.batch,
            recorded_at=clock.now(),
        )
        self.returns.append(row)
        self.return_lines += [
            ReturnLineRow(uuid7(), row.id, None, place, line.sku, line.item, abs(line.quantity), abs(line.amount))
            for place, line in enumerate(part.lines, start=1)
        ]
        return row.id

    async def write(self) -> None:
        """Write it: purchases with what they earn, then returns, which take back from what they find."""
        written = await rows.write(self.sheet) if self.sheet.purchases else {}
        lines: dict[UUID, list[LineRow]] = {}
        for line in self.sheet.lines:
            lines.setdefault(line.purchase, []).append(line)
        settlings = {p.id: settling_of(p, award_lines_of(lines[p.id])) for p in self.sheet.purchases}
        live = events.current_origin() == "live"
        for settling in settlings.values() if live else ():
            await host().participate("settle_purchase", store=settling.store, purchase=settling)
        earned = await self._earn(lines) if self.earn else {}
        for settling in settlings.values() if live else ():
            await self._tell(settling, earned.get(settling.purchase, 0))
        await self._write_returns()
        for purchase, waited_for in written.items():
            if waited_for:
                await adopt(purchase)
        for purchase in await self._returned_here():
            await adopt(purchase)

    async def _earn(self, lines: Mapping[UUID, list[LineRow]]) -> dict[UUID, int]:
        """What each purchase earned."""
        wanted = [e for p in self.sheet.purchases if (e := _earning(p, lines[p.id])) is not None]
        booked = await points.earn_many(wanted)
        return {
            one.purchase: sum(entry.amount for entry in entries)
            for one, entries in zip(wanted, booked, strict=True)
            if one.purchase is not None
        }

    async def _tell(self, settling: Settling, earned: int) -> None:
        moved = await tell_settled(settling, earned) if settling.member is not None else None
        if moved is not None and moved.changed:
            await execute("UPDATE purchase SET tier_reached = $2 WHERE id = $1", settling.purchase, moved.code)

    async def _write_returns(self) -> None:
        if not self.returns:
            return
        await write_returns(self.returns, self.return_lines)
        counted = [r for r in self.returns if r.member is not None and r.currency == business().currency]
        await execute(_TAKE_OFF, [r.member for r in counted], [r.amount for r in counted])
        await events.write_events(
            [
                events.event_row(
                    "purchase.returned",
                    member=r.member,
                    store=r.store,
                    occurred_at=r.at,
                    purchase_return=r.id,
                    amount=r.amount,
                    currency=r.currency,
                )
                for r in self.returns
            ]
        )

    async def _returned_here(self) -> list[UUID]:
        """The purchases, of this file or from before, to which returns of this chunk belong."""
        numbers = [r.purchase_external_id for r in self.returns if r.purchase_external_id is not None]
        found = await fetch(
            "SELECT id FROM purchase WHERE source = $1 AND external_id = ANY($2) ORDER BY id", self.source, numbers
        )
        return [row["id"] for row in found]


def _earning(purchase: PurchaseRow, lines: Sequence[LineRow]) -> points.Earning | None:
    if purchase.member is None or purchase.account is None:
        return None
    award = Award(
        member=purchase.member,
        tier=None,
        store=purchase.store,
        reason=PURCHASE,
        at=purchase.at.astimezone(clock.zone(zone_of(purchase.store))),
        currency=purchase.currency,
        amount=purchase.amount,
        lines=award_lines_of(lines),
    )
    return points.Earning(purchase.account, award, purchase.id)
