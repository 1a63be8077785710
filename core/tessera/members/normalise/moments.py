"""Moments as files write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tessera.kernel import clock
from tessera.members.normalise.dates import parse_date
from tessera.members.normalise.plain import Unusable, plain
from tessera_hooks import _

AHEAD = timedelta(minutes=10)
"""How far the clock of whoever wrote it may be ahead."""

_TIME = re.compile(
    r"(?P<day>.+?)[T ]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)


def parse_moment(text: str, zone: str) -> datetime:
    """A moment as files write it, or the beginning of a day; without a zone it is local time.

    Raises ``Unusable``, for what lies ahead too.
    """
    written = plain(text)
    if not written:
        raise Unusable(_("the date is missing"))
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        at = _written_moment(written)
    if at.tzinfo is None:
        at = at.replace(tzinfo=clock.zone(zone))
    if at > clock.now() + AHEAD:
        raise Unusable(_("the date lies in the future"))
    return at


def _written_moment(written: str) -> datetime:
    found = _TIME.fullmatch(written)
    day = parse_date(found["day"] if found else written)
    if found is None:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - its zone is added by the caller
    try:
        iso = f"{day.isoformat()}T{int(found['h']):02}:{found['m']}:{found['s'] or '00'}{found['zone'] or ''}"
        return datetime.fromisoformat(iso)
    except ValueError:
        raise Unusable(_("the time of day does not exist")) from None
