"""What a business can set about its wallet.

Limits of what may be sold ahead are whole units of currency and hold in yuan; 0 is no limit. They are given as
they are commonly stated for the mainland, each with the text that it stands on, and are to be checked against
the primary text before a business relies on them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tessera_hooks import _

CARDS = _(
    "Measures for Single-purpose Commercial Prepaid Cards (Ministry of Commerce, order 9 of 2012), article 18; to be "
    "checked against the primary text."
)
LESSONS = _(
    "Notice on the supervision of prepaid fees of off-campus training (Ministry of Education, 2021 and later): at most "
    "3 months or 60 lessons, and 5 000 yuan; to be checked against the primary text."
)

Limit = Annotated[int, Meta(ge=0, le=10_000_000)]


class WalletSettings(msgspec.Struct, frozen=True):
    """How stored value is spent and refunded, and the limits of what may be sold ahead."""

    spend_order: Annotated[
        Literal["bonus_first", "principal_first", "proportional"],
        Meta(
            title=str(_("Stored value is spent")),
            description=str(_("Which part of it a purchase takes first.")),
            extra={
                "choices": {
                    "bonus_first": _("bonus first"),
                    "principal_first": _("principal first"),
                    "proportional": _("in proportion"),
                }
            },
        ),
    ] = "bonus_first"
    earns: Annotated[
        Literal["spending", "recharge", "nothing"],
        Meta(
            title=str(_("What earns points")),
            description=str(
                _(
                    "The recharge, or what is bought with it: never both. Bonus never earns. "
                    "A recharge keeps what was set when it was made."
                )
            ),
            extra={
                "choices": {
                    "spending": _("what is bought with it"),
                    "recharge": _("the recharge"),
                    "nothing": _("neither"),
                }
            },
        ),
    ] = "spending"
    refund_bonus: Annotated[
        Literal["proportion", "all"],
        Meta(
            title=str(_("Bonus when principal is refunded")),
            description=str(_("How much of that recharge's bonus goes with it.")),
            extra={"choices": {"proportion": _("in proportion"), "all": _("all that is left")}},
        ),
    ] = "proportion"
    spent_bonus: Annotated[
        Literal["deduct", "forgive"],
        Meta(
            title=str(_("Bonus that was spent before a refund")),
            description=str(_("What should have gone back with the principal and is spent.")),
            extra={"choices": {"deduct": _("taken off the money"), "forgive": _("given")}},
        ),
    ] = "deduct"
    bonus_months: Annotated[
        int,
        Meta(
            ge=0,
            le=120,
            title=str(_("Bonus lasts")),
            description=str(
                _("Months to the same day; 0 is for ever. An offer may say otherwise. Principal never expires.")
            ),
            extra={"unit": _("months")},
        ),
    ] = 0
    registered_limit: Annotated[
        Limit,
        Meta(
            title=str(_("Most principal of a known member")),
            description=str(CARDS),
            extra={"unit": "CNY"},
        ),
    ] = 5000
    unregistered_limit: Annotated[
        Limit,
        Meta(
            title=str(_("Most principal of a member without phone or other identity")),
            description=str(CARDS),
            extra={"unit": "CNY"},
        ),
    ] = 1000
    lesson_units: Annotated[Limit, Meta(title=str(_("Most lessons of a pupil's pack")), description=str(LESSONS))] = 60
    lesson_months: Annotated[
        Limit,
        Meta(
            title=str(_("Longest validity of a pupil's pack with more lessons")),
            description=str(LESSONS),
            extra={"unit": _("months")},
        ),
    ] = 3
    lesson_price: Annotated[
        Limit,
        Meta(title=str(_("Highest price of a pupil's pack")), description=str(LESSONS), extra={"unit": "CNY"}),
    ] = 5000
    coupon_back_on_return: Annotated[
        Literal["no", "if_valid", "extend"],
        Meta(
            title=str(_("A coupon when all of a purchase comes back")),
            description=str(_("When a part comes back it stays used.")),
            extra={
                "choices": {
                    "no": _("stays used"),
                    "if_valid": _("comes back while it is valid"),
                    "extend": _("comes back, valid for some days at least"),
                }
            },
        ),
    ] = "if_valid"
    coupon_return_days: Annotated[
        int,
        Meta(
            ge=1,
            le=366,
            title=str(_("A coupon that comes back is valid for")),
            description=str(_("At least; only where it comes back so.")),
            extra={"unit": _("days")},
        ),
    ] = 14
    membership_days_before: Annotated[
        int,
        Meta(
            ge=0,
            le=366,
            title=str(_("A membership is about to expire")),
            description=str(_("This long before its last day it is told, once.")),
            extra={"unit": _("days")},
        ),
    ] = 7
