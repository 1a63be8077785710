"""What conditions may ask of a member's coupons."""

from tessera_hooks import Fact, _

_USABLE = (
    "SELECT {what} FROM wallet.coupon c WHERE c.member = m.id AND c.state = 'issued' AND c.opens_at <= {{now}} "
    "AND (c.expires_at IS NULL OR c.expires_at > {{now}})"
)

FACTS = [
    Fact("wallet.coupons_usable", _("Coupons that can be used"), "number", f"({_USABLE.format(what='count(*)')})"),
    Fact(
        "wallet.coupon_expires_in_days",
        _("Days until the next coupon expires"),
        "number",
        f"(({_USABLE.format(what='min(c.expires_at)')})::date - {{today}}::date)",
    ),
]
