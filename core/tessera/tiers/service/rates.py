"""Dated rates, by which amounts in other currencies count for tiers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.money import minor_digits
from tessera_hooks import _

DIGITS = 10
"""Decimals that a rate may have."""

LARGEST = Decimal(10) ** 9


class RateUnknown(NotFound):
    """There is no such rate."""

    code = "rate_unknown"


@dataclass(frozen=True)
class RateFacts:
    """From a day on one unit of ``currency`` counts as ``rate`` units of the business's."""

    id: UUID
    currency: str
    since: date
    rate: Decimal


async def rates() -> list[RateFacts]:
    """All rates into the business's currency, the newest of each currency first."""
    rows = await fetch(
        'SELECT id, currency, since, rate FROM exchange_rate WHERE "into" = $1 ORDER BY currency, since DESC',
        business().currency,
    )
    return [RateFacts(**dict(row)) for row in rows]


async def set_rate(currency: str, since: date, rate: Decimal) -> None:
    """Say what a currency counts from a day on, until a later rate says otherwise; the same day again replaces it."""
    currency, own = currency.strip().upper(), business().currency
    digits = minor_digits(currency)
    if currency == own:
        message = _("this is the business's own currency: it needs no rate")
        raise Invalid(message, [FieldError("currency", message)])
    if not rate.is_finite() or not 0 < rate <= LARGEST or round(rate, DIGITS) != rate:
        message = _("give a rate above zero with at most {n} decimals", n=DIGITS)
        raise Invalid(message, [FieldError("rate", message)])
    factor = rate.scaleb(minor_digits(own) - digits)

    async def work() -> None:
        await execute(
            'INSERT INTO exchange_rate (id, currency, "into", since, rate, factor) VALUES ($1, $2, $3, $4, $5, $6) '
            'ON CONFLICT (currency, "into", since) DO UPDATE SET rate = excluded.rate, factor = excluded.factor',
            uuid7(),
            currency,
            own,
            since,
            rate,
            factor,
        )
        await audit.note("tiers.rate_set", currency=currency, since=since.isoformat(), rate=str(rate))

    await in_transaction(work)


async def drop_rate(rate: UUID) -> None:
    """Take a rate away that was wrong."""

    async def work() -> None:
        gone: list[Any] = await fetch("DELETE FROM exchange_rate WHERE id = $1 RETURNING currency, since", rate)
        if not gone:
            raise RateUnknown(_("There is no such rate."))
        await audit.note("tiers.rate_dropped", currency=gone[0]["currency"], since=gone[0]["since"].isoformat())

    await in_transaction(work)
