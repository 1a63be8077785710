"""Points as a part of what is paid: how many a purchase takes, what they are worth, and giving them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor, lcm
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import say_money, set_setting, setting
from tessera.kernel.database import fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import minor_digits
from tessera.members.service import accounts_of
from tessera.points.ledger import Cause, Posting, settling
from tessera.points.service.booking import take
from tessera.points.service.reading import EntryFacts, available
from tessera.points.service.reversing import bearer_of, find_entry, reverse_on
from tessera_hooks import Text, _

PAID = "redeem"
"""The source of debits that pay a part of a purchase, and of what a return gives back of them."""

FIELD = "redeem.points"
"""Where a purchase says how many points pay for it."""

LARGEST = 10**9

DEFAULT_PER_UNIT = 100
DEFAULT_MINIMUM = 1
DEFAULT_STEP = 1
DEFAULT_MOST_PERCENT = 100


@dataclass(frozen=True)
class Terms:
    """On which terms points pay in a currency: the settings ``points.pay.*``.

    ``per_unit`` points are one whole unit of the currency (``points.pay.per_unit.CNY``, else
    ``points.pay.per_unit``). Fewer than ``minimum`` are not taken, and only in steps of ``step``; at most
    ``percent`` of what is owed is paid so.
    """

    on: bool
    per_unit: int
    minimum: int
    step: int
    percent: int
    currency: str

    @property
    def whole_step(self) -> int:
        """The step in which points are taken: the one that is set, and worth whole minor units."""
        minor = 10 ** minor_digits(self.currency)
        return lcm(self.step, Fraction(self.per_unit, minor).numerator)

    def worth(self, points: int) -> int:
        """What points pay, in minor units of the currency."""
        return points * int(10 ** minor_digits(self.currency)) // self.per_unit

    def most(self, amount: int) -> int:
        """The most points that an amount in minor units takes: never more than its share is worth."""
        share = max(amount, 0) * self.percent // 100
        return self.in_steps(floor(Fraction(share * self.per_unit, 10 ** minor_digits(self.currency))))

    def in_steps(self, points: int) -> int:
        """The most that can be taken of so many points; 0 where they are fewer than the minimum."""
        taken = points // self.whole_step * self.whole_step
        return taken if self.on and taken >= max(self.minimum, 1) else 0


def terms(currency: str) -> Terms:
    """The terms in force for a currency."""
    per_unit = setting(f"points.pay.per_unit.{currency}", setting("points.pay.per_unit", DEFAULT_PER_UNIT))
    return Terms(
        on=bool(setting("points.pay.on", True)),
        per_unit=int(per_unit),
        minimum=int(setting("points.pay.minimum", DEFAULT_MINIMUM)),
        step=int(setting("points.pay.step", DEFAULT_STEP)),
        percent=int(setting("points.pay.most_percent", DEFAULT_MOST_PERCENT)),
        currency=currency,
    )


async def set_terms(*, on: bool, per_unit: int, minimum: int, step: int, percent: int) -> None:
    """Set the terms for all currencies that have no ratio of their own."""
    wrong = [
        FieldError(name, _("A value from {low} to {high}.", low=1, high=high))
        for name, value, high in (
            ("per_unit", per_unit, LARGEST),
            ("minimum", minimum, LARGEST),
            ("step", step, LARGEST),
            ("percent", percent, 100),
        )
        if not 1 <= value <= high
    ]
    if wrong:
        raise Invalid(_("Points cannot pay on these terms."), wrong)

    chosen = {"on": on, "per_unit": per_unit, "minimum": minimum, "step": step, "most_percent": percent}
    for name, value in chosen.items():
        if setting(f"points.pay.{name}") != value:
            await set_setting(f"points.pay.{name}", value)


@dataclass(frozen=True)
class PointsQuote:
    """What points could pay of a purchase.

    At most ``most`` points, worth ``value`` minor units, in steps of ``step`` and not fewer than ``minimum``;
    ``available`` is what the member has. ``most`` is 0 where points pay nothing.
    """

    most: int
    value: int
    minimum: int
    step: int
    available: int
    per_unit: int


async def quote(member: UUID, amount: int, currency: str) -> PointsQuote:
    """What a member's points could pay of an amount in minor units; changes nothing."""
    held = max(await available(await accounts_of(member)), 0)
    known = terms(currency)
    most = known.in_steps(min(held, known.most(amount)))
    return PointsQuote(most, known.worth(most), known.minimum, known.whole_step, held, known.per_unit)


async def pay(
    account: UUID,
    member: UUID,
    points: int,
    amount: int,
    currency: str,
    purchase: UUID,
    *,
    store: UUID | None = None,
    at: datetime | None = None,
) -> int:
    """Take points for a part of a purchase and answer what they paid, in minor units.

    ``amount`` is what is owed of the purchase. Refused where points pay nothing here, where they are fewer
    than the minimum or no whole steps, where they are worth more than the share that points may pay (the
    refusal names the most), and where the member has fewer.
    """
    known = terms(currency)
    _check(known, points, amount)
    moment = at or clock.now()

    async def work() -> int:
        posting = await Posting.open([account])
        cause = Cause(
            reason="paid with points",
            source=PAID,
            source_id=purchase,
            purchase=purchase,
            at=moment,
            store=store,
            facts={"value": known.worth(points), "currency": currency, "per_unit": known.per_unit, "amount": amount},
        )
        entry = await take(posting, account, points, cause)
        posting.say(
            "points.spent",
            member=member,
            store=store,
            at=moment,
            entry=entry.id,
            unit=posting.unit,
            points=points,
            purchase=purchase,
        )
        await posting.write()
        return known.worth(points)

    return await in_transaction(work)


def _check(known: Terms, points: int, amount: int) -> None:
    if points <= 0:
        raise _refused(_("give a whole amount above zero"))
    if not known.on:
        raise _refused(_("points do not pay for purchases here"), most=0)
    most = known.most(amount)
    if points > most:
        message = _(
            "of {amount} points pay at most {most}: give no more",
            amount=say_money(amount, known.currency),
            most=most,
        )
        raise _refused(message, most=most)
    if points < known.minimum:
        raise _refused(_("at least {n} points are taken at once", n=known.minimum), most=most)
    if points % known.whole_step:
        raise _refused(_("points are taken in steps of {n}", n=known.whole_step), most=most)


def _refused(message: Text | str, **facts: Any) -> Invalid:
    return Invalid(message, [FieldError(FIELD, message)], **facts)


_PAID = "SELECT id FROM entry WHERE purchase = $1 AND source = $2 AND kind = 'debit' ORDER BY id LIMIT 1"

_TOTAL = """
SELECT coalesce(sum(-amount), 0)::bigint FROM entry WHERE purchase = $1 AND source = $2 AND kind = 'debit'
"""


async def paid_with_points(purchase: UUID) -> int:
    """How many points a purchase took, whatever came back since."""
    total: int = await fetchval(_TOTAL, purchase, PAID)
    return total


async def give_back(
    purchase: UUID, return_id: UUID, share: Fraction, *, store: UUID | None = None, at: datetime | None = None
) -> int:
    """Give back the points that paid for what has come back of a purchase; answers how many.

    ``share`` is how much of the purchase has come back in all, this return included. What is due is
    rounded down and what earlier returns gave back is taken off it, so that parts add up to the whole.
    It goes to what is owed first, then into the lots that it came from, the last to expire first: as if
    less had been spent.
    """

    async def work() -> int:
        first = await fetchval(_PAID, purchase, PAID)
        if first is None:
            return 0
        entry = await find_entry(first)
        posting = await Posting.open([await bearer_of(entry)])
        cause = Cause(
            reason="return",
            source=PAID,
            source_id=return_id,
            purchase=purchase,
            at=at or posting.now,
            store=store,
            facts={"share": str(share)},
        )
        booked = await reverse_on(posting, entry, cause, share=share)
        if booked is None:
            return 0
        await posting.settle(settling(posting.now, store))
        await posting.write()
        return booked.amount

    return await in_transaction(work)


def explain_paid(entry: EntryFacts) -> Text:
    """Why points went for a purchase, or came back."""
    if entry.kind != "debit":
        return _("Given back for what was returned of a purchase")
    facts = entry.facts
    value, owed = say_money(facts["value"], facts["currency"]), say_money(facts["amount"], facts["currency"])
    return _("Paid {value} of a purchase of {amount}", value=value, amount=owed)
