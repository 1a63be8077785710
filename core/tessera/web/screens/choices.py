"""What several forms let people choose from: zones, currencies, stores, industries."""

from __future__ import annotations

from functools import cache

from babel.numbers import get_currency_name, list_currencies

from tessera.access import service
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.plugins import host
from tessera.kernel.texts import current_locale
from tessera_hooks import Text

COMMON_CURRENCIES = ("CNY", "HKD", "TWD", "USD", "EUR", "GBP", "JPY", "SGD", "AUD", "CAD", "CHF", "MYR", "THB")


@cache
def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in clock.zone_names()]


def zones() -> list[tuple[str, str]]:
    """Time zones."""
    return _zones()


@cache
def _currencies(locale: str) -> list[tuple[str, str]]:
    rest = sorted(set(list_currencies(locale)) - set(COMMON_CURRENCIES))
    return [(code, f"{code} · {get_currency_name(code, locale=locale)}") for code in (*COMMON_CURRENCIES, *rest)]


def currencies() -> list[tuple[str, str]]:
    """Currencies, those that are asked for most first."""
    return _currencies(current_locale())


def stores(permission: str = "") -> list[tuple[str, str]]:
    """Open stores by code that the actor may know of; those in which they may do something, where it is given."""
    allowed = actor().stores_with(permission) if permission else None
    return [(s.code, s.name) for s in service.stores_known() if s.active and (allowed is None or s.id in allowed)]


def roles() -> list[tuple[str, Text | str]]:
    """Roles by code."""
    return [(role.code, role.title) for role in service.roles().values()]


def industries() -> list[tuple[str, Text | str, Text | str]]:
    """Plugins that can be enabled: name, title, and what they are for."""
    return [(p.name, p.manifest.title, p.manifest.description) for p in host().plugins.values()]
