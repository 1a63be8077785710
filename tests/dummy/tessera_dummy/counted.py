"""What the ledger counts for this plugin: claps that can be owed, jars by their kind, and money in a purse."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from uuid import UUID

from tessera_hooks import Expiry, Text, Unit, _

JARS = {"honey": _("Jar of honey"), "jam": _("Jar of jam")}


async def jars(kinds: Sequence[str]) -> Mapping[str, Text]:
    """How jars are called."""
    return {kind: JARS[kind] for kind in kinds if kind in JARS}


async def worth(credited: Sequence[UUID]) -> Mapping[UUID, Fraction]:
    """A clap is worth a yuan, whoever gave it."""
    return dict.fromkeys(credited, Fraction(100))


UNITS = [
    Unit("claps", _("Claps"), scale=1, expiry=Expiry("days", 30), floor=-50, worth=worth),
    Unit("jars", _("Jars"), family=True, labels=jars),
    Unit("purse", _("Purse"), family=True, money=True, by_hand=False),
    Unit("visits", _("Visits"), expiry=Expiry("inactivity", 10)),
]
