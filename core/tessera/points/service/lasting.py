"""How long points last, and what becomes of what has expired when a redemption is taken back: as settings."""

from __future__ import annotations

from datetime import date

from tessera.kernel import generation
from tessera.kernel.business import business, set_setting
from tessera.kernel.database import in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import Expiry, Text, _

MOST = {"days": 36500, "inactivity": 36500, "months": 1200, "month_end": 1200, "year_end": 100}
"""The longest that each policy may be: a hundred years."""

RESTORED_AT_MOST = 3650


async def set_lasting(expiry: Expiry, restored_days: int) -> None:
    """Change how long points last that are earned from now on, and for how long expired ones are restored."""
    _check(expiry)
    if not 0 <= restored_days <= RESTORED_AT_MOST:
        raise _wrong("restored", _("give a number of days from 0 to {most}", most=RESTORED_AT_MOST))

    async def work() -> None:
        if expiry.kind in ("never", "month_end"):
            await set_setting("points.expiry", None)
            await set_setting("points.expiry_months", expiry.n if expiry.kind == "month_end" else 0)
        else:
            day = expiry.day.isoformat() if expiry.day is not None else None
            await set_setting("points.expiry", {"kind": expiry.kind, "n": expiry.n, "day": day})
        await set_setting("points.restore_expired_days", restored_days)

    await in_transaction(work)
    await generation.refresh()


def _check(expiry: Expiry) -> None:
    most = MOST.get(expiry.kind)
    if most is not None and not 1 <= expiry.n <= most:
        raise _wrong("n", _("give a whole number from 1 to {most}", most=most))
    if expiry.kind == "on" and (expiry.day is None or expiry.day < business().today()):
        raise _wrong("day", _("give a day that is not over"))
    if expiry.day is not None and expiry.day > date(business().today().year + 100, 12, 31):
        raise _wrong("day", _("give a day within a hundred years"))


def _wrong(field: str, message: Text) -> Invalid:
    return Invalid(message, [FieldError(field, message)])
