"""Why a rule did not act, in words."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.messaging.service import REASONS
from tessera_hooks import Text, _

SKIPPED: Mapping[str, Text] = {
    "fired_before": _("It acted on this cause before"),
    "before_switch_on": _("They met it before it was switched on"),
    "imported": _("An import brought it to light after its day"),
    **REASONS,
}


def skipped_text(code: str) -> Text | str:
    """A reason in words; its code where it is not known any more."""
    return SKIPPED.get(code, code)
