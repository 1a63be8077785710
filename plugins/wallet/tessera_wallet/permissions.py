"""Who may do what with stored value and packs."""

from __future__ import annotations

from tessera_hooks import Permission, Role, _

READ = "wallet.value.read"
RECHARGE = "wallet.value.write"
REFUND = "wallet.value.refund"
ADJUST = "wallet.value.adjust"
SELL = "wallet.pack.write"
REDEEM = "wallet.pack.redeem"
REFUND_PACK = "wallet.pack.refund"
SETTINGS = "settings.write"

PERMISSIONS = [
    Permission("value.read", _("See stored value and packs")),
    Permission("value.write", _("Take recharges of stored value")),
    Permission("value.refund", _("Pay stored value out again")),
    Permission("value.adjust", _("Correct stored value by hand")),
    Permission("pack.write", _("Sell packs")),
    Permission("pack.redeem", _("Use sessions of packs")),
    Permission("pack.refund", _("Take packs back and extend them")),
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
    ],
)
