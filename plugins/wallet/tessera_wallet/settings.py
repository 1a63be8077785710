"""What a business can set about its wallet."""

from __future__ import annotations

import msgspec


class WalletSettings(msgspec.Struct, frozen=True):
    """How stored value is spent and refunded, and the limits of what may be sold ahead."""
