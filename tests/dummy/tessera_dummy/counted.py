"""What the ledger counts for this plugin: claps that can be owed, jars by their kind, and money in a purse."""

from collections.abc import Mapping, Sequence

from tessera_hooks import Expiry, Text, Unit, _

JARS = {"honey": _("Jar of honey"), "jam": _("Jar of jam")}


async def jars(kinds: Sequence[str]) -> Mapping[str, Text]:
    """How jars are called."""
    return {kind: JARS[kind] for kind in kinds if kind in JARS}


UNITS = [
    Unit("claps", _("Claps"), scale=1, expiry=Expiry("days", 30), floor=-50),
    Unit("jars", _("Jars"), family=True, labels=jars),
    Unit("purse", _("Purse"), family=True, money=True, by_hand=False),
    Unit("visits", _("Visits"), expiry=Expiry("inactivity", 10)),
]
