"""The earning rules that come with Tessera; all but the first wait to be switched on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tessera.points.earning.rules import PER_AMOUNT
from tessera_hooks import EarningRule, EarningSpec, Factor, Fixed, PerAmount, Text, _

PROFILE, CHECK_IN, REFERRAL, REFERRED, OWN_CUP = "profile_completed", "check_in", "referral", "referred", "own_cup"

DEEDS: Mapping[str, Text] = {
    PROFILE: _("Completed the profile"),
    CHECK_IN: _("Checked in"),
    REFERRAL: _("Invited a friend who has bought"),
    REFERRED: _("Came because a friend invited them"),
    OWN_CUP: _("Brought an own cup"),
}
"""What members can be given points for beside what they buy; a business names more in rules of its own."""

AUTOMATIC = frozenset({PROFILE, CHECK_IN, REFERRAL, REFERRED})
"""Deeds that Tessera notices itself; all others are noted by staff or by plugins."""

RULES = [
    EarningRule(
        name=PER_AMOUNT,
        title=_("Points for what is paid"),
        description=_("So many points for each whole unit of currency."),
        spec=EarningSpec(earns=PerAmount()),
    ),
    EarningRule(
        name="points.birthday_month",
        title=_("Birthday month"),
        description=_("Double points in the month of the birthday."),
        spec=EarningSpec(earns=Factor(Decimal(2)), birthday="month"),
    ),
    EarningRule(
        name="points.first_purchase",
        title=_("First purchase"),
        description=_("A welcome with the first purchase."),
        spec=EarningSpec(earns=Fixed(100), first_purchase=True),
    ),
    EarningRule(
        name="points.profile_completed",
        title=DEEDS[PROFILE],
        description=_("Once, when all the fields are known that are asked for."),
        spec=EarningSpec(earns=Fixed(50), deed=PROFILE, once="ever"),
    ),
    EarningRule(
        name="points.check_in",
        title=DEEDS[CHECK_IN],
        description=_("Once a day, for a visit without a purchase."),
        spec=EarningSpec(earns=Fixed(2), deed=CHECK_IN, once="day"),
    ),
    EarningRule(
        name="points.referral",
        title=DEEDS[REFERRAL],
        description=_("For whoever invited someone, when that friend buys for the first time."),
        spec=EarningSpec(earns=Fixed(100), deed=REFERRAL, once="subject"),
    ),
    EarningRule(
        name="points.referred",
        title=DEEDS[REFERRED],
        description=_("For whoever was invited, with the first purchase."),
        spec=EarningSpec(earns=Fixed(50), deed=REFERRED, once="ever"),
    ),
    EarningRule(
        name="points.own_cup",
        title=DEEDS[OWN_CUP],
        description=_("Noted by staff on the member's page, once a day."),
        spec=EarningSpec(earns=Fixed(5), deed=OWN_CUP, once="day"),
    ),
]
