"""Recording a return: of a whole purchase, of a part, or of a purchase that is not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.kernel import clock, events
from tessera.kernel.database import fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.members.service import stores_seen
from tessera.points import service as points
from tessera.points.service.paying import PAID
from tessera.purchases.rows import ReturnLineRow, ReturnRow, as_json, columns
from tessera.purchases.service.bringing_back import Back, attribute, bring_back, lock_purchase
from tessera.purchases.service.checking import Place, check_return, place_of
from tessera.purchases.service.contract import (
    NewReturn,
    OverReturned,
    PointsMoved,
    PurchaseUnknown,
    RecordedReturn,
    ReturnConflict,
    of_another_store,
)
from tessera.purchases.service.orphans import adopt
from tessera.purchases.service.refunding import check_orphans_refunds, check_refunds, refunds_of, write_refunds
from tessera.purchases.service.shifts import current_shift
from tessera_hooks import Tender, _

WRITE_RETURNS = f"""
WITH back AS (
    INSERT INTO purchase_return ({columns(ReturnRow)})
    SELECT {columns(ReturnRow)} FROM json_populate_recordset(NULL::purchase_return, $1) ORDER BY source, external_id
    ON CONFLICT (source, external_id) DO NOTHING RETURNING id
), new_line AS (
    INSERT INTO purchase_return_line ({columns(ReturnLineRow)})
    SELECT {", ".join("given." + name for name in ReturnLineRow.__struct_fields__)}
    FROM json_populate_recordset(NULL::purchase_return_line, $2) AS given
    JOIN back ON back.id = given.purchase_return
)
SELECT id FROM back
"""


@dataclass(frozen=True)
class _Part:
    """A quantity of one line that comes back, with what it is worth."""

    line: Any
    quantity: Decimal
    amount: int


async def record_return(new: NewReturn) -> RecordedReturn:
    """Record a return and answer what it did to the member's points.

    Without lines and amount all that is left of the purchase comes back. A purchase named by a number
    that is not known yet leaves an orphan, linked when it arrives in the same currency. The same source
    and number with the same contents is the same return.
    """
    check_return(new)
    check_refunds(new.refunds)
    place = place_of(new)

    async def work() -> RecordedReturn:
        purchase = await _find(new)
        if purchase is None:
            return await _keep_orphan(new, place)
        return await _of_purchase(new, place, await lock_purchase(purchase))

    return await in_transaction(work)


async def _find(new: NewReturn) -> UUID | None:
    """The purchase that is meant, in the actor's stores; by number it may still be unknown."""
    if new.purchase is None and new.purchase_external_id is None:
        return None
    row = await fetchrow(
        "SELECT id, store FROM purchase WHERE CASE WHEN $1::uuid IS NOT NULL THEN id = $1 "
        "ELSE source = $2 AND external_id = $3 END",
        new.purchase,
        new.source,
        new.purchase_external_id,
    )
    seen = stores_seen("purchases.write")
    if row is None and new.purchase is None:
        if new.lines or new.amount is None:
            message = _("this purchase is not known yet: give the amount that comes back")
            raise Invalid(message, [FieldError("amount", message)])
        return None
    if row is None or (seen is not None and row["store"] not in seen):
        raise PurchaseUnknown(_("There is no such purchase."))
    found: UUID = row["id"]
    return found


async def _of_purchase(new: NewReturn, place: Place, bought: Any) -> RecordedReturn:
    known = await _again(new, place)
    if known is not None:
        return known
    _check_currency(new, bought)
    parts = await _parts(new, bought)
    left = bought["amount"] - bought["returned"]
    if new.lines:
        amount = min(sum(part.amount for part in parts), left) if not await _is_all(parts, bought) else left
    else:
        amount = left if new.amount is None else new.amount
    nothing_left = not left and bool(bought["amount"]) and not new.lines and new.amount is None
    if amount > left or nothing_left:
        raise OverReturned(_("more would come back than was bought: {left} is left", left=left), left=left)
    row = return_row(new, place, amount, purchase=bought["id"], member=bought["member"], currency=bought["currency"])
    row.shift = await current_shift(row.store, at=row.at)
    lines = [
        ReturnLineRow(
            uuid7(), row.id, part.line["id"], n, part.line["sku"], part.line["name"], part.quantity, part.amount
        )
        for n, part in enumerate(parts, start=1)
    ]
    if not await write_returns([row], lines):
        return await _known(new, place)
    for part in parts:
        await attribute(part.line["id"], part.quantity)
    done = await bring_back(
        bought, Back(id=row.id, amount=amount, at=row.at, store=row.store, origin=row.origin, refunds=new.refunds)
    )
    await _say(row)
    moves = await _moved(bought["account"], done.taken, done.restored)
    return RecordedReturn(row.id, bought["id"], amount, moves, refunds=done.refunds)


def _check_currency(new: NewReturn, bought: Any) -> None:
    """Refuse another currency than the purchase's; one that is left out is the purchase's."""
    if new.currency is not None and new.currency.upper() != bought["currency"]:
        message = _("the purchase was in {currency}: it comes back in the same", currency=bought["currency"])
        raise Invalid(message, [FieldError("currency", message)])


async def _parts(new: NewReturn, bought: Any) -> list[_Part]:
    """The lines that come back: those named, or all that is left where the whole purchase does."""
    rows = await fetch("SELECT * FROM purchase_line WHERE purchase = $1 ORDER BY place FOR UPDATE", bought["id"])
    lines = {row["id"]: row for row in rows}
    if new.amount is not None:
        return []
    total = sum(row["amount"] for row in rows)
    wanted: dict[UUID, Decimal] = {}
    for place, back in enumerate(new.lines):
        if back.line not in lines:
            message = _("this line is not one of the purchase")
            raise Invalid(message, [FieldError(f"lines.{place}.line", message)])
        wanted[back.line] = wanted.get(back.line, Decimal(0)) + back.quantity
    if not new.lines:
        wanted = {row["id"]: row["quantity"] - row["returned"] for row in rows if row["returned"] < row["quantity"]}
    return [_part(lines[line], quantity, bought["amount"], total) for line, quantity in wanted.items()]


def _part(line: Any, quantity: Decimal, paid: int, total: int) -> _Part:
    """What a quantity of a line is worth of what was paid.

    A discount on the whole receipt is spread over its lines; what came back before and comes back now
    is rounded together, so that the parts of a line add up.
    """
    if line["returned"] + quantity > line["quantity"]:
        left = line["quantity"] - line["returned"]
        raise OverReturned(
            _("more would come back than was bought: {left} is left", left=format(left.normalize(), "f")),
            line=str(line["id"]),
            left=str(left),
        )
    worth = Fraction(line["amount"] * paid, total) if total else Fraction(0)
    before, after = (
        round(worth * Fraction(q) / Fraction(line["quantity"])) for q in (line["returned"], line["returned"] + quantity)
    )
    return _Part(line, quantity, after - before)


async def _is_all(parts: Sequence[_Part], bought: Any) -> bool:
    """Whether nothing is left of any line."""
    open_lines = await fetch(
        "SELECT id, quantity - returned AS open FROM purchase_line WHERE purchase = $1", bought["id"]
    )
    coming = {part.line["id"]: part.quantity for part in parts}
    return all(row["open"] == coming.get(row["id"], 0) for row in open_lines)


def return_row(
    new: NewReturn, place: Place, amount: int, *, purchase: UUID | None, member: UUID | None, currency: str
) -> ReturnRow:
    """The row of a return."""
    return ReturnRow(
        id=uuid7(),
        source=new.source,
        external_id=new.external_id,
        fingerprint="\\x" + new.fingerprint.hex(),
        purchase=purchase,
        purchase_external_id=new.purchase_external_id,
        member=member,
        store=place.store_id,
        at=place.at.astimezone(UTC),
        currency=currency,
        amount=amount,
        origin=events.current_origin(),
        batch=events.current_batch(),
        recorded_at=clock.now(),
    )


async def write_returns(returns: Sequence[ReturnRow], lines: Sequence[ReturnLineRow]) -> set[UUID]:
    """Write returns whose source and number are new; answers which those were."""
    return {row["id"] for row in await fetch(WRITE_RETURNS, as_json(returns), as_json(lines))}


async def _keep_orphan(new: NewReturn, place: Place) -> RecordedReturn:
    row = return_row(new, place, new.amount or 0, purchase=None, member=None, currency=place.currency)
    row.shift = await current_shift(row.store, at=row.at)
    if new.refunds:
        check_orphans_refunds(new.refunds, row.amount, row.currency)
    if not await write_returns([row], []):
        return await _known(new, place)
    given = [Tender(one.method, one.amount) for one in new.refunds]
    await write_refunds(row.id, given)
    if new.purchase_external_id is not None:
        await _link_if_arrived(new)
    await _say(row)
    return RecordedReturn(row.id, None, row.amount, PointsMoved(), refunds=given)


async def _link_if_arrived(new: NewReturn) -> None:
    """The purchase may have been committed between looking for it and writing the orphan."""
    row = await fetchrow(
        "SELECT id FROM purchase WHERE source = $1 AND external_id = $2", new.source, new.purchase_external_id
    )
    if row is not None:
        await adopt(row["id"])


async def _again(new: NewReturn, place: Place) -> RecordedReturn | None:
    row = await fetchrow(
        "SELECT 1 FROM purchase_return WHERE source = $1 AND external_id = $2", new.source, new.external_id
    )
    return await _known(new, place) if row is not None else None


_KNOWN = """
SELECT r.id, r.fingerprint, r.store, r.purchase, r.amount, p.account,
    coalesce((SELECT sum(-e.amount) FROM entry e
              WHERE e.purchase = r.purchase AND e.source_id = r.id AND e.kind = 'take_back'), 0)::bigint AS taken,
    coalesce((SELECT sum(e.amount) FROM entry e
              WHERE e.purchase = r.purchase AND e.source_id = r.id AND e.source = $3 AND e.amount > 0), 0)::bigint
        AS restored
FROM purchase_return r LEFT JOIN purchase p ON p.id = r.purchase WHERE r.source = $1 AND r.external_id = $2
"""


async def _known(new: NewReturn, place: Place) -> RecordedReturn:
    """The return that has the number already, if its contents and its store are the same."""
    row: Any = await fetchrow(
        _KNOWN,
        new.source,
        new.external_id,
        PAID,
    )
    if row["store"] != place.store_id:
        raise ReturnConflict(of_another_store(new))
    if bytes(row["fingerprint"]) != new.fingerprint:
        raise ReturnConflict(
            _(
                'return "{number}" of {source} is recorded with other contents',
                number=new.external_id,
                source=new.source,
            )
        )
    moves = await _moved(row["account"], points.TakenBack(row["taken"]), row["restored"])
    refunds = await refunds_of(row["id"])
    return RecordedReturn(row["id"], row["purchase"], row["amount"], moves, again=True, refunds=refunds)


async def _moved(account: UUID | None, done: points.TakenBack, restored: int) -> PointsMoved:
    if account is None:
        return PointsMoved()
    available, debt = await points.available([account]), await points.owed([account])
    return PointsMoved(taken_back=done.points, restored=restored, available=available, debt=debt)


async def _say(row: ReturnRow) -> None:
    await events.emit(
        "purchase.returned",
        member=row.member,
        store=row.store,
        occurred_at=row.at,
        purchase_return=row.id,
        purchase=row.purchase,
        amount=row.amount,
        currency=row.currency,
    )
