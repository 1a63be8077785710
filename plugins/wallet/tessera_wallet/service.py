"""What other plugins may ask of the wallet: who may enter, and coupons for what they reward."""

from tessera_wallet.coupons.contract import CouponLimit, CouponUsed, NotIssued
from tessera_wallet.coupons.contract import Held as Coupon
from tessera_wallet.coupons.issuing import issue as issue_coupon
from tessera_wallet.coupons.issuing import revoke as revoke_coupon
from tessera_wallet.memberships.contract import Held as Membership
from tessera_wallet.memberships.entering import Entitlement, entitled
from tessera_wallet.memberships.reading import memberships_of

__all__ = [
    "Coupon",
    "CouponLimit",
    "CouponUsed",
    "Entitlement",
    "Membership",
    "NotIssued",
    "entitled",
    "issue_coupon",
    "memberships_of",
    "revoke_coupon",
]
