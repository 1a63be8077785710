"""What coupons and their kinds are to the rest of Tessera, and how they are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from tessera.plugin import Conflict, NotFound
from tessera_hooks import Text, _

CLAIM = "wallet.coupon"
"""The kind of claims that are coupons."""

Gives = Literal["amount", "percent", "gift"]
State = Literal["issued", "waiting", "used", "expired", "revoked"]

GIVES = {"amount": _("An amount off"), "percent": _("A share off"), "gift": _("A gift")}

STATES = {
    "issued": _("usable"),
    "waiting": _("not yet"),
    "used": _("used"),
    "expired": _("expired"),
    "revoked": _("revoked"),
}


class CouponUnknown(NotFound):
    """There is no such coupon, or none that may be seen."""

    code = "coupon_unknown"


class KindUnknown(NotFound):
    """There is no such kind of coupon."""

    code = "coupon_kind_unknown"


class KindTaken(Conflict):
    """A kind of that code exists."""

    code = "coupon_kind_taken"


class CouponUsed(Conflict):
    """It was used, or revoked, before."""

    code = "coupon_used"


class CouponRefused(Conflict):
    """It does not hold for this sale."""

    code = "coupon_refused"


class CouponLimit(Conflict):
    """No more of the kind can be issued, or not to this member."""

    code = "coupon_limit"


class NotIssued(Conflict):
    """The kind gives no new coupons now."""

    code = "coupon_not_issued"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of coupon as ``wallet.coupon_kind`` holds it; amounts in minor units of ``currency``."""

    id: UUID
    code: str
    title: str
    gives: Gives
    currency: str
    amount: int = 0
    percent: int = 0
    cap: int | None = None
    gift: str = ""
    minimum: int = 0
    valid_days: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    stacks: bool = False
    stores: Sequence[UUID] = field(default_factory=list)
    skus: Sequence[str] = field(default_factory=list)
    categories: Sequence[str] = field(default_factory=list)
    total_limit: int | None = None
    member_limit: int | None = None
    issued: int = 0
    issue_from: date | None = None
    issue_until: date | None = None
    enabled: bool = True

    @property
    def is_limited(self) -> bool:
        """Whether it holds for some articles only."""
        return bool(self.skus or self.categories)


COLUMNS = tuple(Kind.__dataclass_fields__)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A coupon with its kind."""

    id: UUID
    code: str
    kind: Kind
    member: UUID | None
    state: State
    issued_at: datetime
    opens_at: datetime
    expires_at: datetime | None
    reason: str
    used_at: datetime | None
    purchase: UUID | None

    @property
    def says(self) -> Text:
        """Its state in a word."""
        return STATES[self.state]
