"""How refusals and states read on pages."""

from __future__ import annotations

from collections.abc import Mapping

from tessera_hooks import Text, _

REFUSALS: Mapping[str, Text] = {
    "reward_out_of_stock": _("nothing left"),
    "reward_limit_reached": _("had as often as it is given"),
    "reward_not_offered": _("not offered now"),
}
"""What stands against a reward beside the price, by code."""

STATES: Mapping[str, tuple[Text, str]] = {
    "open": (_("To be picked up"), "yellow"),
    "handed_over": (_("Handed over"), "green"),
    "cancelled": (_("Cancelled"), "gray"),
}
"""What has become of a redemption, with its tone."""
