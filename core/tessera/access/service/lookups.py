"""Slowing down those who guess identities, without holding up those who look up customers all day.

Whoever may look up an exact phone could try all those that a masked one may stand for: ``138****8000``
hides four digits, so ten thousand candidates. Two counts stand in the way, each one conditional statement,
so that many requests at once cannot slip through.

*By mask*, across the whole business: how many different values of one kind that look alike when they are
masked were asked for within a day. Beyond ``lookups.values_per_mask`` (10) none that is new is answered.
Trying all ten thousand takes a thousand days, finding the right one five hundred on average, however many
people and programs take part; while customers' phones are spread over some hundred thousand masks (three
leading digits by four last ones), so that a business that looks up a hundred thousand different ones a day
asks for one of a mask on most days and practically never for eleven. The same value again is no new one.
E-mail addresses are left out, since thousands share ``a***@qq.com``; so are cards and ids of other systems.

*By person or program*: misses are dear (``lookups.misses_per_hour``, 60, and ``lookups.misses_per_day``,
300), what a request finds or writes is cheap (``lookups.hits_per_hour``, 5 000). Once either is used up,
nothing more is answered, found or not: refusing the misses alone would tell them from the hits.

Hours and days begin with the first request that they count. What is counted stays although the request
is refused or its work taken back. Tessera itself (commands) is not counted, nor is a list of someone who may
reveal everybody; the phones of any other list are counted by mask (``count_list``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol, TypeVar
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.access.sealing import MASK, lookup
from tessera.kernel import clock
from tessera.kernel.business import setting
from tessera.kernel.database import apart, execute, fetch, fetchrow, fetchval
from tessera.kernel.errors import TooMany
from tessera_hooks import _

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)

MASKED_KINDS = frozenset({"phone", "resident_id", "passport", "permit"})
"""Kinds whose masked form leaves so few candidates that those asked for are counted."""

DEFAULTS = {
    "lookups.values_per_mask": 10,
    "lookups.misses_per_hour": 60,
    "lookups.misses_per_day": 300,
    "lookups.hits_per_hour": 5000,
}
"""The limits of a business that has not set its own."""


class Cost(Enum):
    """What an answer costs whoever asked: a guess, a use, or nothing beyond the count by mask."""

    DEAR = (1, 0)
    CHEAP = (0, 1)
    FREE = (0, 0)


class Asked(Protocol):
    """An identity that someone asks for."""

    @property
    def kind(self) -> str:
        """Its kind, ``phone``."""

    @property
    def masked(self) -> str:
        """How everyone sees it."""

    @property
    def lookup(self) -> bytes:
        """What it is found by."""


A = TypeVar("A", bound=Asked)


# the counts need not survive a crash of the machine, so nobody waits for the disk
_QUICKLY = "(SELECT set_config('synchronous_commit', 'off', true)) AS quickly"

_BY_MASK = f"""
INSERT INTO lookup_mask AS m (mask, since, tried)
SELECT $1, $2, ARRAY[$3::bytea] FROM {_QUICKLY}
ON CONFLICT (mask) DO UPDATE SET
    since = CASE WHEN m.since <= $4 THEN excluded.since ELSE m.since END,
    tried = CASE WHEN m.since <= $4 THEN excluded.tried WHEN $3 = ANY(m.tried) THEN m.tried ELSE m.tried || $3 END
WHERE m.since <= $4 OR $3 = ANY(m.tried) OR cardinality(m.tried) < $5
RETURNING true
"""

_OF_A_LIST = f"""
WITH wanted AS (
    SELECT mask, value, min(place) AS place
    FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS u (mask, value, place) GROUP BY mask, value
), fresh AS (
    SELECT w.mask, w.value, coalesce(cardinality(m.tried), 0) + row_number() OVER (
        PARTITION BY w.mask ORDER BY w.place) AS count
    FROM wanted w LEFT JOIN lookup_mask m ON m.mask = w.mask AND m.since > $4
    WHERE NOT coalesce(w.value = ANY(m.tried), false)
)
INSERT INTO lookup_mask AS m (mask, since, tried)
SELECT f.mask, $3, array_agg(f.value) FROM fresh f CROSS JOIN {_QUICKLY}
WHERE f.count <= $5 GROUP BY f.mask ORDER BY f.mask
ON CONFLICT (mask) DO UPDATE SET
    since = CASE WHEN m.since <= $4 THEN excluded.since ELSE m.since END,
    tried = CASE WHEN m.since <= $4 THEN excluded.tried ELSE m.tried || excluded.tried END
WHERE m.since <= $4 OR cardinality(m.tried) + cardinality(excluded.tried) <= $5
"""
"""All values of a list at once, of each mask the first as far as there is room; in the order of the masks, so that
two lists never wait for each other."""

_ANSWERED = """
SELECT w.mask, w.value FROM unnest($1::bytea[], $2::bytea[]) AS w (mask, value)
JOIN lookup_mask m ON m.mask = w.mask AND w.value = ANY(m.tried) AND m.since > $3
"""

_BY_HOLDER = f"""
INSERT INTO lookup_pace AS p (holder, hour, misses, hits, day, day_misses)
SELECT $1, $2, $3, $4, $2, $3 FROM {_QUICKLY}
ON CONFLICT (holder) DO UPDATE SET
    hour = CASE WHEN p.hour <= $5 THEN excluded.hour ELSE p.hour END,
    misses = CASE WHEN p.hour <= $5 THEN 0 ELSE p.misses END + excluded.misses,
    hits = CASE WHEN p.hour <= $5 THEN 0 ELSE p.hits END + excluded.hits,
    day = CASE WHEN p.day <= $6 THEN excluded.day ELSE p.day END,
    day_misses = CASE WHEN p.day <= $6 THEN 0 ELSE p.day_misses END + excluded.day_misses,
    noted = p.noted AND p.hour > $5
WHERE (p.hour <= $5 OR (p.misses < $7 AND p.hits < $8)) AND (p.day <= $6 OR p.day_misses < $9)
RETURNING true
"""


async def count_lookup(*asked: Asked, cost: Cost) -> None:
    """Count that the actor is about to be told whether someone has these identities, or refuse to tell.

    Called when the answer is known and before it is given, with what it costs; several identities are
    one question (what a text may mean). Raises ``TooMany``, whether or not anybody has them.
    """
    someone = actor()
    holder = someone.key_id or someone.staff_id
    if someone.kind == "system" or holder is None:
        return
    async with apart():
        for one in asked:
            if one.kind in MASKED_KINDS and one.masked.strip(MASK):  # one that shows nothing is no clue
                await _count_by_mask(holder, one)
        if cost is not Cost.FREE:
            await _count_by_holder(holder, cost)


async def count_list(asked: Sequence[A]) -> set[A]:
    """Count that the actor brings a list of identities, and answer those of which nothing may be told.

    Only phones are counted: of other kinds a list holds many that look alike (two characters of a resident
    id are shown). Whoever may reveal everybody learns nothing from a list, and brings what they like.
    """
    someone = actor()
    holder = someone.key_id or someone.staff_id
    phones = [one for one in asked if one.kind == "phone"]
    if someone.kind == "system" or holder is None or someone.stores_with("members.reveal") is None or not phones:
        return set()
    now = clock.now()
    keys = {one: (_mask_of(one), _value_of(one)) for one in phones}
    masks, values = [mask for mask, _value in keys.values()], [value for _mask, value in keys.values()]
    async with apart():
        await execute(_OF_A_LIST, masks, values, now, now - DAY, limit("lookups.values_per_mask"))
        answered = {(row["mask"], row["value"]) for row in await fetch(_ANSWERED, masks, values, now - DAY)}
        refused = {one for one, key in keys.items() if key not in answered}
        if refused:
            await _note_once(holder)
    return refused


def limit(name: str) -> int:
    """One of the limits."""
    return int(setting(name, DEFAULTS[name]))


async def _count_by_mask(holder: UUID, asked: Asked) -> None:
    now, mask = clock.now(), _mask_of(asked)
    counted = await fetchval(_BY_MASK, mask, now, _value_of(asked), now - DAY, limit("lookups.values_per_mask"))
    if counted is None:
        await _note_once(holder)
        since = await fetchval("SELECT since FROM lookup_mask WHERE mask = $1", mask)
        raise _too_many(since + DAY if since else now)


def _mask_of(asked: Asked) -> bytes:
    return lookup("lookup-mask", f"{asked.kind}\x00{asked.masked}")


def _value_of(asked: Asked) -> bytes:
    return lookup("lookup-value", asked.lookup.hex())[:16]


async def _count_by_holder(holder: UUID, cost: Cost) -> None:
    now, (misses, hits) = clock.now(), cost.value
    per_hour, per_day = limit("lookups.misses_per_hour"), limit("lookups.misses_per_day")
    cheap = limit("lookups.hits_per_hour")
    counted = await fetchval(_BY_HOLDER, holder, now, misses, hits, now - HOUR, now - DAY, per_hour, cheap, per_day)
    if counted is None:
        await _note_once(holder)
        row = await fetchrow("SELECT hour, day, day_misses FROM lookup_pace WHERE holder = $1", holder)
        raise _too_many(row["day"] + DAY if row["day_misses"] >= per_day else row["hour"] + HOUR)


_NOTED = """
INSERT INTO lookup_pace AS p (holder, hour, misses, hits, day, day_misses, noted)
VALUES ($1, $2, 0, 0, $2, 0, true)
ON CONFLICT (holder) DO UPDATE SET noted = true WHERE NOT p.noted
"""


async def _note_once(holder: UUID) -> None:
    """Put into the audit that someone was held back, once in a while and not at each of a thousand tries."""
    if await execute(_NOTED, holder, clock.now()):
        await audit.note("access.lookups_held_back")


def _too_many(until: datetime) -> TooMany:
    seconds = max(1, int((until - clock.now()).total_seconds()) + 1)
    minutes = -(-seconds // 60)
    return TooMany(_("Too many were looked up. Try again in {n} minutes.", n=minutes), seconds)


async def forget_counts() -> None:
    """Take away counts whose day is over."""
    day_ago = clock.now() - DAY
    await execute("DELETE FROM lookup_mask WHERE since <= $1", day_ago)
    await execute("DELETE FROM lookup_pace WHERE hour <= $1 AND day <= $1", day_ago)
