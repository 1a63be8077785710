"""The business and its settings: rows, remembered until the generation changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from tessera.kernel import clock, generation, witness
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import DomainError
from tessera.kernel.money import format_minor, minor_digits
from tessera.kernel.texts import current_locale
from tessera_hooks import _


class NotSetUp(DomainError):
    """There is no business yet."""

    code = "not_set_up"


@dataclass(frozen=True)
class BusinessFacts:
    """Name, currency (ISO 4217), zone (IANA) and language of the business."""

    name: str
    currency: str
    timezone: str
    locale: str

    def today(self) -> date:
        """The calendar day in the business's zone."""
        return clock.local_day(clock.now(), self.timezone)


_facts: BusinessFacts | None = None
_settings: dict[str, Any] = {}


async def read_business() -> None:
    """Read the business and all settings anew."""
    global _facts
    row = await fetchrow("SELECT name, currency, timezone, locale FROM business")
    _facts = BusinessFacts(**dict(row)) if row else None
    fresh = {r["key"]: r["value"] for r in await fetch("SELECT key, value FROM setting")}
    _settings.clear()
    _settings.update(fresh)


generation.on_change(read_business)


def has_business() -> bool:
    """Whether the first-run page has been answered."""
    return _facts is not None


def business() -> BusinessFacts:
    """The business; a refusal before it was set up."""
    if _facts is None:
        raise NotSetUp(_("there is no business yet: open the first-run page"))
    return _facts


def say_money(minor: int, currency: str | None = None, locale: str | None = None) -> str:
    """Minor units as people here read them; the business's own yuan is never written ``CN¥``."""
    own = business().currency
    shown = format_minor(minor, currency or own, locale or current_locale())
    return shown.replace("CN¥", "¥") if own == "CNY" and currency in (None, own) else shown


def setting(key: str, default: Any = None) -> Any:
    """A setting's value; keys are dotted, ``messaging.mode``."""
    return _settings.get(key, default)


def settings_below(prefix: str) -> dict[str, Any]:
    """The settings whose keys begin with a prefix, by what follows it."""
    return {key.removeprefix(prefix): value for key, value in _settings.items() if key.startswith(prefix)}


async def set_setting(key: str, value: Any, *, plugin: str = "core") -> None:
    """Change a setting, everywhere within a moment."""

    async def work() -> None:
        await execute(
            "INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, $2::jsonb, $3, $4) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            key,
            _json(value),
            plugin,
            clock.now(),
        )
        await witness.changed("settings.changed", fields=[key])
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def set_business(name: str, currency: str, timezone: str, locale: str) -> None:
    """Create the business, or change it; checks currency and zone."""
    minor_digits(currency)
    clock.zone(timezone)

    async def work() -> None:
        await execute(
            "INSERT INTO business (id, name, currency, timezone, locale, created_at) VALUES (1, $1, $2, $3, $4, $5) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency, "
            "timezone = excluded.timezone, locale = excluded.locale",
            name,
            currency,
            timezone,
            locale,
            clock.now(),
        )
        await witness.changed("settings.business_changed")
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()
