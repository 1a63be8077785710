"""How values look on pages: money, moments in the right zone, days, numbers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from markupsafe import Markup

from tessera.access.actor import actor
from tessera.access.service.stores import store_of
from tessera.kernel import clock
from tessera.kernel.business import business, has_business, say_money
from tessera.kernel.money import minor_digits
from tessera.kernel.texts import current_locale


def zone_here() -> str:
    """The zone of the store one works in, else of the business."""
    store = store_of(actor().store)
    if store is not None:
        return store.timezone
    return business().timezone if has_business() else "UTC"


def money(minor: int | None, currency: str | None = None) -> str:
    """Minor units as people read them, in the business's currency unless told: ``¥12.50``."""
    if minor is None:
        return "–"
    return say_money(minor, currency)


def price(value: Decimal | None, currency: str | None = None) -> str:
    """What one piece costs: money as people read it, also where it is finer than the smallest coin."""
    if value is None:
        return "–"
    own = currency or business().currency
    minor = value.scaleb(minor_digits(own))
    return say_money(int(minor), currency) if minor == int(minor) else f"{number(value)} {own}"


def moment(at: datetime | None, zone: str | None = None) -> Markup | str:
    """A moment in a zone (the store's unless told), readable by programs too."""
    if at is None:
        return "–"
    local = at.astimezone(clock.zone(zone or zone_here()))
    shown = format_datetime(local, "short", locale=current_locale())
    full = format_datetime(local, "full", locale=current_locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(local.isoformat(), full, shown)


def day(value: date | None) -> Markup | str:
    """A calendar day."""
    if value is None:
        return "–"
    shown = format_date(value, "medium", locale=current_locale())
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), shown)


def ago(at: datetime | None) -> Markup | str:
    """How long ago a moment was, or how far ahead."""
    if at is None:
        return "–"
    shown = format_timedelta(at - clock.now(), add_direction=True, locale=current_locale())
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)


def number(value: Decimal | int | None, digits: int | None = None) -> str:
    """A number with the separators of the language; ``digits`` decimals, or as many as it has."""
    if value is None:
        return "–"
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=current_locale(), decimal_quantization=digits is not None)
