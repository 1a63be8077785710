"""Who may do what with stored value and packs."""

from __future__ import annotations

from tessera_hooks import Permission, Role, _

READ = "wallet.value.read"
RECHARGE = "wallet.value.write"
REFUND = "wallet.refund_value"
ADJUST = "wallet.adjust_value"
SELL = "wallet.pack.write"
REDEEM = "wallet.session.write"
REFUND_PACK = "wallet.refund_packs"
SETTINGS = "settings.write"

PERMISSIONS = [
    Permission("value.read", _("See stored value and packs")),
    Permission("value.write", _("Take recharges of stored value")),
    Permission("refund_value", _("Pay stored value out again")),
    Permission("adjust_value", _("Correct stored value by hand")),
    Permission("pack.write", _("Sell packs")),
    Permission("session.write", _("Use sessions of packs")),
    Permission("refund_packs", _("Take packs back and extend them")),
    Permission("membership.read", _("See memberships")),
    Permission("membership.write", _("Sell, renew and hold memberships")),
    Permission("refund_memberships", _("Refund and cancel memberships, sell them at another price")),
    Permission("coupon.read", _("See coupons")),
    Permission("issue_coupons", _("Give coupons and take them back")),
]

cashier = Role(
    "cashier",
    _("Cashier with wallet"),
    [
        "members.read",
        "members.write",
        "purchases.read",
        "purchases.write",
        "points.read",
        "points.write",
        READ,
        RECHARGE,
        SELL,
        REDEEM,
        "wallet.membership.read",
        "wallet.membership.write",
        "wallet.coupon.read",
    ],
)
