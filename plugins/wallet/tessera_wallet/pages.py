"""Where the pages of stored value and packs stand: in the settings, and on a member's page."""

from __future__ import annotations

from tessera_hooks import Screen, Slot, _
from tessera_wallet.cards import wallet_card
from tessera_wallet.packs import screens as packs
from tessera_wallet.packs import settings_screens as pack_settings
from tessera_wallet.permissions import READ, SETTINGS
from tessera_wallet.value import screens as value
from tessera_wallet.value import settings_screens as value_settings

SCREENS = [
    Screen(
        "offers",
        _("Recharge offers"),
        "gift",
        SETTINGS,
        handlers=[*value_settings.handlers, *value.handlers],
        path="settings/offers",
    ),
    Screen(
        "pack_products",
        _("Packs that are sold"),
        "ticket",
        SETTINGS,
        handlers=[*pack_settings.handlers, *packs.handlers],
        path="settings/packs",
    ),
]

SLOTS = [Slot("member.card", "wallet/card.html", wallet_card, READ)]
