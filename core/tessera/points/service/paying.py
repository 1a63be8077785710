"""Points as a part of what is paid: how many a purchase takes, what they are worth, and giving them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor, lcm
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import say_money, setting
from tessera.kernel.database import fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import minor_digits
from tessera.members.service import accounts_of
from tessera.points.ledger import Cause, EntryRow, LotRow, Posting, allocate, by_account, settling
from tessera.points.service.reading import available
from tessera.points.service.spending import InsufficientBalance
from tessera_hooks import Text, _

PAID = "redeem"
"""The source of debits that pay a part of a purchase, and of what a return gives back of them."""

FIELD = "redeem.points"
"""Where a purchase says how many points pay for it."""

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
        entry = await _debit(posting, account, points, cause)
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


async def _debit(posting: Posting, account: UUID, points: int, cause: Cause) -> EntryRow:
    """Take points of all that the account's member has open now; an entry for each account they come from."""
    accounts = posting.beside(account)
    lots = [lot for lot in await posting.lots(*accounts) if lot.is_open(posting.now)]
    debt = sum(posting.standings[one].debt for one in accounts)
    held = max(sum(lot.remaining for lot in lots) - debt, 0)
    if held < points:
        raise InsufficientBalance(
            _("only {available} are available, {amount} are needed", available=held, amount=points), available=held
        )
    taken, _missing = allocate(lots, points)
    first, *_others = [posting.debit(one, "debit", parts, cause) for one, parts in by_account(taken).items()]
    return first


_SO_FAR = """
SELECT coalesce(sum(-amount) FILTER (WHERE amount < 0), 0)::bigint AS paid,
       coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS restored,
       array_agg(DISTINCT account) AS accounts
FROM entry WHERE purchase = $1 AND source = $2
"""

_TAKEN = """
SELECT l.*, sum(a.amount)::bigint AS part FROM allocation a JOIN entry e ON e.id = a.entry JOIN lot l ON l.id = a.lot
WHERE e.purchase = $1 AND e.source = $2 GROUP BY l.id HAVING sum(a.amount) > 0
ORDER BY l.expires_at DESC NULLS FIRST, l.opens_at DESC, l.id DESC
"""
"""What a purchase took from which lots and has not given back, the last to expire first."""


async def paid_with_points(purchase: UUID) -> int:
    """How many points a purchase took, whatever came back since."""
    row = await fetchrow(_SO_FAR, purchase, PAID)
    return int(row["paid"]) if row is not None else 0


async def give_back(purchase: UUID, return_id: UUID, share: Fraction, *, at: datetime | None = None) -> int:
    """Give back the points that paid for what has come back of a purchase; answers how many.

    ``share`` is how much of the purchase has come back in all, this return included. What is due is
    rounded down and what earlier returns gave back is taken off it, so that parts add up to the whole.
    It goes to what is owed first, then into the lots that it came from, the last to expire first: as if
    less had been spent.
    """

    async def work() -> int:
        so_far: Any = await fetchrow(_SO_FAR, purchase, PAID)
        if not so_far["paid"]:
            return 0
        posting = await Posting.open(so_far["accounts"])
        so_far = await fetchrow(_SO_FAR, purchase, PAID)
        due: int = floor(so_far["paid"] * share) - so_far["restored"]
        if due <= 0:
            return 0
        cause = Cause(
            reason="return",
            source=PAID,
            source_id=return_id,
            purchase=purchase,
            at=at or posting.now,
            facts={"share": str(share)},
        )
        await _restore(posting, purchase, due, cause)
        await posting.settle(settling(posting.now))
        await posting.write()
        return due

    return await in_transaction(work)


async def _restore(posting: Posting, purchase: UUID, due: int, cause: Cause) -> None:
    rows = await fetch(_TAKEN, purchase, PAID)
    lots = [(LotRow(**{name: row[name] for name in LotRow.__struct_fields__}), row["part"]) for row in rows]
    for account, parts in _given(lots, due).items():
        owed = min(posting.standings[account].debt, sum(part for _lot, part in parts))
        posting.restore(account, _less(parts, owed), cause, debt=owed)


def _given(lots: Sequence[tuple[LotRow, int]], due: int) -> dict[UUID, list[tuple[LotRow, int]]]:
    given: list[tuple[LotRow, int]] = []
    for lot, taken in lots:
        part = min(taken, due)
        if part:
            given.append((lot, part))
            due -= part
    return by_account(given)


def _less(parts: Sequence[tuple[LotRow, int]], owed: int) -> list[tuple[LotRow, int]]:
    """What is left of parts after some of them paid what is owed."""
    kept: list[tuple[LotRow, int]] = []
    for lot, part in reversed(parts):
        less = min(part, owed)
        owed -= less
        if part > less:
            kept.append((lot, part - less))
    return kept
