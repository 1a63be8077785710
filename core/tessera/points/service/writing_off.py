"""Booking away what is left of a plugin's units when the plugin goes."""

from __future__ import annotations

from tessera.access import audit
from tessera.kernel import clock
from tessera.kernel.database import fetch, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.points.ledger import Cause, Posting
from tessera_hooks import _

_LEFT = "SELECT account, unit FROM balance WHERE starts_with(unit, $1) AND (balance <> 0 OR debt <> 0) ORDER BY 1, 2"


async def write_off(prefix: str, reason: str) -> int:
    """Book every balance and debt in the units that begin with ``prefix`` to zero; answers how many there were."""
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= 200:
        message = _("say the reason in at most 200 characters")
        raise Invalid(message, [FieldError("reason", message)])

    async def work() -> int:
        left = await fetch(_LEFT, prefix)
        for row in left:
            posting = await Posting.open([row["account"]], row["unit"])
            cause = Cause(reason=reason, source="write_off", at=clock.now())
            debt = posting.standings[row["account"]].debt
            if debt:
                posting.credit(row["account"], "credit", debt, cause, expires_at=None)
            lots = [lot for lot in await posting.lots(row["account"]) if lot.remaining]
            if lots:
                posting.debit(row["account"], "debit", [(lot, lot.remaining) for lot in lots], cause)
            await posting.write()
        await audit.note("points.written_off", rows=len(left), unit=prefix)
        return len(left)

    return await in_transaction(work)
