"""Stored value, prepaid packs, memberships with a term, and coupons."""

from tessera_hooks import Manifest, _
from tessera_wallet.settings import WalletSettings

MANIFEST = Manifest(
    name="wallet",
    title=_("Wallet"),
    api=1,
    version="0.1.0",
    settings=WalletSettings,
    description=_("Stored value, prepaid packs, memberships with a term, and coupons."),
)
