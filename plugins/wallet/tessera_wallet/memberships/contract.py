"""What memberships are to the rest of Tessera, and how they are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from tessera.plugin import Conflict, NotFound
from tessera_hooks import Text, _
from tessera_wallet.memberships.terms import Span, Term, value_left

State = Literal["not_started", "active", "held", "expired", "cancelled", "refunded", "upgraded"]

STATES = {
    "not_started": _("not begun"),
    "active": _("active"),
    "held": _("on hold"),
    "expired": _("expired"),
    "cancelled": _("cancelled"),
    "refunded": _("refunded"),
    "upgraded": _("upgraded"),
}

ONE = {"days": _("lasts a day"), "months": _("lasts a month"), "years": _("lasts a year")}

READ, WRITE, REFUND = "wallet.membership.read", "wallet.membership.write", "wallet.refund_memberships"


class MembershipUnknown(NotFound):
    """There is no such membership, or none that may be seen."""

    code = "membership_unknown"


class ProductUnknown(NotFound):
    """There is no such product."""

    code = "membership_product_unknown"


class ProductTaken(Conflict):
    """A product of that code exists."""

    code = "membership_product_taken"


class MembershipOver(Conflict):
    """It has expired or was ended."""

    code = "membership_over"


class NotRenewable(Conflict):
    """It was renewed as often as it may be."""

    code = "membership_not_renewable"


class HoldRefused(Conflict):
    """It cannot be held on these days."""

    code = "membership_hold_refused"


class TransferRefused(Conflict):
    """It cannot go to that member."""

    code = "membership_transfer_refused"


class NoUpgrade(Conflict):
    """The other product is no upgrade."""

    code = "membership_no_upgrade"


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product as ``wallet.membership_product`` holds it."""

    id: UUID
    code: str
    title: str
    term_unit: str
    term_n: int
    begins: str
    price: int
    currency: str
    stores: Sequence[UUID] = field(default_factory=list)
    weekdays: Sequence[int] = field(default_factory=list)
    from_minute: int = 0
    until_minute: int = 1440
    renewals: int | None = None
    hold_days: int = 0
    active: bool = True

    @property
    def term(self) -> Text:
        """How long it lasts, in words."""
        if self.term_n == 1:
            return ONE[self.term_unit]
        many = {"days": _("lasts {n} days", n=self.term_n), "months": _("lasts {n} months", n=self.term_n)}
        return many.get(self.term_unit, _("lasts {n} years", n=self.term_n))


PRODUCT_COLUMNS = tuple(Product.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Days on which a membership rests, both inclusive."""

    id: UUID
    from_on: date
    until_on: date
    reason: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """A membership with its product, its terms and its holds, as it is on ``day``."""

    id: UUID
    member: UUID
    product: Product
    store: UUID | None
    payer: UUID | None
    currency: str
    starts_on: date | None
    ends_on: date | None
    ended_on: date | None
    ended_as: str | None
    end_reason: str
    sold_at: datetime
    terms: Sequence[Term]
    holds: Sequence[Hold]
    day: date

    @property
    def spans(self) -> list[Span]:
        """Its holds as spans of days."""
        return [(hold.from_on, hold.until_on) for hold in self.holds]

    @property
    def state(self) -> State:
        """What it is on its day."""
        return self.state_on(self.day)

    def state_on(self, day: date) -> State:
        """What it is on a day: nobody sets this, it follows from its days."""
        if self.ended_on is not None and self.ended_on <= day:
            return {"refunded": "refunded", "upgraded": "upgraded"}.get(self.ended_as or "", "cancelled")  # type: ignore[return-value]
        if self.starts_on is None or self.ends_on is None or day < self.starts_on:
            return "not_started"
        if day > self.ends_on:
            return "expired"
        return "held" if any(since <= day <= until for since, until in self.spans) else "active"

    @property
    def says(self) -> Text:
        """Its state in a word."""
        return STATES[self.state]

    @property
    def is_running(self) -> bool:
        """Whether it is there to be used, now or later."""
        return self.state in ("not_started", "active", "held")

    @property
    def days_left(self) -> int | None:
        """Days until it is over, its last day not counted; nothing where it is not running or has no end yet."""
        return (self.ends_on - self.day).days if self.ends_on is not None and self.is_running else None

    @property
    def paid(self) -> int:
        """What its terms cost in all, in minor units."""
        return sum(term.price for term in self.terms)

    @property
    def worth(self) -> int:
        """What is left of that, in minor units."""
        return value_left(self.starts_on, self.terms, self.spans, self.day) if self.is_running else 0
