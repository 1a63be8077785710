"""What the ledger counts for the wallet: money paid ahead, money given on top, and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tessera.plugin import fetch
from tessera_hooks import Text, Unit, _

PRINCIPAL = "wallet.stored_value"
BONUS = "wallet.bonus_value"
SESSIONS = "wallet.sessions"


def principal(currency: str) -> str:
    """The unit of what was paid ahead in a currency."""
    return f"{PRINCIPAL}.{currency}"


def bonus(currency: str) -> str:
    """The unit of what was given on top in a currency."""
    return f"{BONUS}.{currency}"


def sessions(kind: str) -> str:
    """The unit of a kind of sessions, by its code."""
    return f"{SESSIONS}.{kind}"


async def kind_labels(codes: Sequence[str]) -> Mapping[str, Text]:
    """What kinds of sessions are called."""
    rows = await fetch("SELECT code, title FROM wallet.session_kind WHERE code = ANY($1)", list(codes))
    return {row["code"]: Text(row["title"]) for row in rows}


UNITS = [
    Unit("stored_value", _("Stored value"), family=True, money=True, by_hand=False),
    Unit("bonus_value", _("Bonus on stored value"), family=True, money=True, by_hand=False),
    Unit("sessions", _("Sessions"), family=True, labels=kind_labels, by_hand=False),
]
