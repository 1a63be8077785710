"""What the ledger counts for the wallet: money paid ahead, money given on top, and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from uuid import UUID

from tessera.plugin import business, fetch
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


async def worth_of_sessions(packs: Sequence[UUID]) -> Mapping[UUID, Fraction]:
    """What one session of some packs was sold for, in minor units: the price over all it holds, gifts too.

    Packs that were sold in another currency than the business's are left out.
    """
    rows = await fetch(
        "SELECT id, price, bought + gifted AS sessions FROM wallet.pack WHERE id = ANY($1) AND currency = $2",
        list(packs),
        business().currency,
    )
    return {row["id"]: Fraction(row["price"], row["sessions"]) for row in rows}


UNITS = [
    Unit("stored_value", _("Stored value"), family=True, money=True, by_hand=False),
    Unit("bonus_value", _("Bonus on stored value"), family=True, money=True, by_hand=False),
    Unit("sessions", _("Sessions"), family=True, labels=kind_labels, by_hand=False, worth=worth_of_sessions),
]
