"""The one place that asks what time it is, and what day that is in a zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import _

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The present moment in UTC, or the one that ``frozen`` has set."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Within the block it is ``at``: for tests and for dry runs of another day."""
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name, or a refusal that shows how such a name looks."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = _('"{name}" is no time zone: give an IANA name such as "Asia/Shanghai"', name=name)
        raise Invalid(message, [FieldError("timezone", message)]) from None


def zone_names() -> list[str]:
    """All zones that can be chosen, sorted."""
    return sorted(n for n in available_timezones() if "/" in n and not n.startswith(("Etc/", "posix", "right")))


def local_day(at: datetime, zone_name: str) -> date:
    """The calendar day of a moment in a zone."""
    return at.astimezone(zone(zone_name)).date()


def midnight(day: date, zone_name: str) -> datetime:
    """The first moment of a day in a zone, in UTC.

    Where midnight does not exist (a clock put forward at 00:00), the first moment after it.
    """
    local = datetime.combine(day, time(), tzinfo=zone(zone_name))
    return local.astimezone(UTC)
