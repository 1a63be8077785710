"""Settings: what other currencies count."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service as access
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.money import read_number
from tessera.tiers.service import rates
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera_hooks import _

HERE, PAGE = "/settings/exchange-rates", "tiers/rates.html"


@get(HERE, permission="settings.write")
async def show_rates() -> Template:
    """All rates, and a form for one more."""
    form = Form.of(since=business().today().isoformat(), currency=_likely())
    return Template(PAGE, context={"form": form, **await _context()})


@post(HERE, permission="settings.write")
async def set_rate(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say what a currency counts from a day on."""
    form = await read_form(request)
    try:
        await rates.set_rate(form["currency"], _day(form["since"]), _decimal(form["rate"]))
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, await _context())
    return done(HERE, _("Saved."))


@post(HERE + "/{rate:uuid}/drop", permission="settings.write")
async def drop_rate(rate: FromPath[UUID]) -> Response[Any]:
    """Take a rate away."""
    await rates.drop_rate(rate)
    return done(HERE, _("Taken away."))


async def _context() -> dict[str, Any]:
    currencies = [(code, title) for code, title in choices.currencies() if code != business().currency]
    return {"rates": await rates.rates(), "currencies": currencies, "own": business().currency}


def _likely() -> str | None:
    """A currency in which a store sells and that is not the business's."""
    return next((store.currency for store in access.stores() if store.currency != business().currency), None)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = _("give a day")
        raise Invalid(message, [FieldError("since", message)]) from None


def _decimal(text: str) -> Decimal:
    try:
        return read_number(text)
    except ValueError:
        message = _("give a number such as 7.12")
        raise Invalid(message, [FieldError("rate", message)]) from None


handlers = [show_rates, set_rate, drop_rate]
