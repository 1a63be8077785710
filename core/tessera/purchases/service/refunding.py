"""What goes back to the customer for a return, by method: as it was paid, unless the till says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.kernel.business import say_money
from tessera.kernel.database import execute, fetch
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.purchases.service.checking import refuse
from tessera.purchases.service.contract import NewPayment
from tessera.purchases.service.methods import is_own, plugin_methods
from tessera.purchases.service.shares import shares
from tessera_hooks import Tender, Text, _

_PAID = """
SELECT method, sum(paid)::bigint AS paid, sum(refunded)::bigint AS refunded FROM (
    SELECT method, amount AS paid, 0 AS refunded, place FROM payment WHERE purchase = $1
    UNION ALL
    SELECT f.method, 0, f.amount, 32767 FROM refund f JOIN purchase_return r ON r.id = f.purchase_return
    WHERE r.purchase = $1 AND r.id <> $2
) AS moved GROUP BY method ORDER BY min(place), method
"""

_GIVEN = "SELECT method, amount FROM refund WHERE purchase_return = $1 ORDER BY place"

_WRITE = """
INSERT INTO refund (id, purchase_return, place, method, amount)
SELECT id, $2, place, method, amount
FROM unnest($1::uuid[], $3::text[], $4::bigint[]) WITH ORDINALITY AS f (id, method, amount, place)
"""


@dataclass(frozen=True)
class Owed:
    """A purchase and how much of it has come back, before a return and with it; minor units.

    ``erased`` says that who bought it was erased: what a plugin gave back to them would be nobody's.
    """

    purchase: UUID
    store: UUID | None
    amount: int
    points_paid: int
    before: int
    after: int
    currency: str
    erased: bool = False

    def by_points(self, returned: int) -> int:
        """What points had paid of the part that came back."""
        return returned * self.points_paid // self.amount if self.amount else 0

    @property
    def money(self) -> int:
        """What goes back otherwise than as points."""
        return self.after - self.before - self.by_points(self.after) + self.by_points(self.before)


async def refund(owed: Owed, purchase_return: UUID, given: Sequence[NewPayment] | None) -> list[Tender]:
    """Decide what goes back by which method, write it down, and answer it.

    Left out, each method gives back in proportion to what it still holds of the purchase: rounded over all
    that has come back, so that the last return takes the rest. Money that was recorded by no method is
    given back by none. What the till says must add up, and of a plugin's method never be more than it took; nor
    does what such a method paid go back otherwise while its plugin is here: a bonus would become cash.
    """
    rows = await fetch(_PAID, owed.purchase, purchase_return)
    held = {row["method"]: max(row["paid"] - row["refunded"], 0) for row in rows}
    known = set() if owed.erased else plugin_methods(owed.store)
    if given:
        _check(owed, given, held)
        _check_own(owed, given, rows, known)
        back = [Tender(one.method, one.amount) for one in given]
    else:
        back = _as_paid(owed, sum(row["paid"] for row in rows), sum(row["refunded"] for row in rows), held)
    for place, tender in enumerate(back):
        if not is_own(tender.method) and tender.method not in known:
            raise _wrong(
                f"refunds.{place}.method",
                _('nobody here gives back money by "{method}": say how it goes back', method=tender.method),
            )
    await write_refunds(purchase_return, back)
    return back


def _as_paid(owed: Owed, paid: int, refunded: int, held: Mapping[str, int]) -> list[Tender]:
    if paid + owed.points_paid >= owed.amount:
        due = owed.after - owed.by_points(owed.after)
    else:
        due = owed.after * paid // owed.amount
    parts = shares(min(max(due - refunded, 0), sum(held.values())), list(held.values()))
    return [Tender(method, part) for method, part in zip(held, parts, strict=True) if part]


def check_refunds(given: Sequence[NewPayment]) -> None:
    """Refuse what cannot be a refund, whatever the purchase was."""
    wrong = []
    for place, one in enumerate(given):
        if not one.method.strip() or len(one.method) > 60 or "\x00" in one.method:
            wrong.append(FieldError(f"refunds.{place}.method", _("this is needed")))
        if not 0 < one.amount <= 10**14:
            wrong.append(FieldError(f"refunds.{place}.amount", _("give an amount above zero")))
    refuse(wrong)


def check_orphans_refunds(given: Sequence[NewPayment], amount: int, currency: str) -> None:
    """Refuse refunds of a purchase that is not known yet that do not add up, or that only its plugin could book."""
    _check_sum(given, amount, currency)
    for place, one in enumerate(given):
        if not is_own(one.method):
            message = _('this purchase is not known yet: nothing can go back by "{method}"', method=one.method)
            raise _wrong(f"refunds.{place}.method", message)


def _check(owed: Owed, given: Sequence[NewPayment], held: Mapping[str, int]) -> None:
    _check_sum(given, owed.money, owed.currency)
    for place, one in enumerate(given):
        asked = sum(other.amount for other in given if other.method == one.method)
        if not is_own(one.method) and asked > held.get(one.method, 0):
            message = _(
                'only {amount} can go back by "{method}"',
                amount=say_money(held.get(one.method, 0), owed.currency),
                method=one.method,
            )
            raise _wrong(f"refunds.{place}.amount", message)


def _check_own(owed: Owed, given: Sequence[NewPayment], rows: Sequence[Any], known: Collection[str]) -> None:
    """Refuse to give back by the business's own methods what plugins had taken by theirs."""
    taken = sum(row["paid"] for row in rows if row["method"] in known)
    gone = sum(row["refunded"] for row in rows if row["method"] not in known)
    room = max(owed.amount - owed.points_paid - taken - gone, 0)
    if taken and sum(one.amount for one in given if one.method not in known) > room:
        message = _(
            "only {amount} can go back otherwise: the rest goes back as it was paid",
            amount=say_money(room, owed.currency),
        )
        raise _wrong("refunds", message)


def _check_sum(given: Sequence[NewPayment], due: int, currency: str) -> None:
    total = sum(one.amount for one in given)
    if total != due:
        message = _(
            "the refunds come to {total} and {due} goes back",
            total=say_money(total, currency),
            due=say_money(due, currency),
        )
        raise _wrong("refunds", message)


def _wrong(field: str, message: Text) -> Invalid:
    return Invalid(message, [FieldError(field, message)])


async def write_refunds(purchase_return: UUID, back: Sequence[Tender]) -> None:
    """Write down what went back."""
    if back:
        ids, methods = [uuid7() for _tender in back], [tender.method for tender in back]
        await execute(_WRITE, ids, purchase_return, methods, [tender.amount for tender in back])


async def refunds_of(purchase_return: UUID) -> list[Tender]:
    """What went back for a return, by method."""
    return [Tender(row["method"], row["amount"]) for row in await fetch(_GIVEN, purchase_return)]
