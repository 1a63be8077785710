"""Slowing down those who guess passwords, without ever shutting the rightful person out.

An attempt is counted before its password is looked at, in one statement each, so that many at once
cannot slip through; success takes the count back. Three counts stand beside each other: login at one
address, address alone, login alone. The last, which a stranger could drive up from many addresses, is
the mildest, and does not hold for a browser in which this login has signed in before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tessera.access import audit
from tessera.access.sealing import lookup
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow
from tessera.kernel.errors import TooMany
from tessera.kernel.ids import uuid7
from tessera_hooks import _

FORGET = timedelta(hours=24)
"""After so long without an attempt, a count begins anew."""


@dataclass(frozen=True)
class Limit:
    """How many failures are free, and the longest wait that the doubling delay then comes to."""

    scope: str
    free: int
    longest: int


PAIR = Limit("pair", 5, 15 * 60)
ADDRESS = Limit("address", 30, 15 * 60)
LOGIN = Limit("login", 50, 30)
CONFIRMED = Limit("confirmed", 5, 15 * 60)
"""For a password that is asked for again of someone who is signed in, perhaps at a tablet others use too."""

COUNT = """
INSERT INTO sign_in_attempt AS a (id, scope, key, failures, last_at, blocked_until)
VALUES ($1, $2, $3, 1, $4, $4)
ON CONFLICT (scope, key) DO UPDATE SET
    failures = CASE WHEN a.last_at < $5 THEN 1 ELSE a.failures + 1 END,
    last_at = $4,
    blocked_until = $4 + make_interval(secs => CASE
        WHEN a.last_at < $5 OR a.failures + 1 < $6 THEN 0
        ELSE least($7, power(2, least(a.failures + 1 - $6, 20))) END)
WHERE a.blocked_until <= $4
RETURNING failures
"""


def counts(login: str, address: str, *, known_browser: bool) -> list[tuple[Limit, bytes]]:
    """The counts that an attempt belongs to; what is stored of login and address is a keyed hash."""
    pair = (PAIR, lookup("sign-in", f"{login}\x00{address}"))
    alone = (ADDRESS, lookup("sign-in", address))
    everywhere = (LOGIN, lookup("sign-in", login))
    return [pair, alone] if known_browser else [pair, alone, everywhere]


def confirming(staff: UUID) -> list[tuple[Limit, bytes]]:
    """The count that someone's confirming with their own password belongs to."""
    return [(CONFIRMED, lookup("sign-in", str(staff)))]


async def count(attempt: Sequence[tuple[Limit, bytes]]) -> None:
    """Count an attempt, or refuse it while an earlier one still holds it back.

    The first that will hold others back is audited: by the scope alone, for the login may be a stranger's guess.
    """
    now = clock.now()
    for limit, key in attempt:
        counted = await fetchrow(COUNT, uuid7(), limit.scope, key, now, now - FORGET, limit.free, float(limit.longest))
        if counted is None:
            raise await _too_many(limit, key)
        if counted["failures"] == limit.free:
            await audit.note("access.sign_in_held_back", scope=limit.scope, failures=limit.free)


async def _too_many(limit: Limit, key: bytes) -> TooMany:
    row = await fetchrow("SELECT blocked_until FROM sign_in_attempt WHERE scope = $1 AND key = $2", limit.scope, key)
    wait = row["blocked_until"] - clock.now() if row else timedelta(seconds=1)
    seconds = max(1, int(wait.total_seconds()) + 1)
    return TooMany(_("Too many attempts. Try again in {n} seconds.", n=seconds), seconds)


async def succeed(attempt: Sequence[tuple[Limit, bytes]]) -> None:
    """Forget the failures of a login that has signed in; the address keeps those it made with others."""
    for limit, key in attempt:
        if limit is ADDRESS:
            await execute(
                "UPDATE sign_in_attempt SET failures = greatest(failures - 1, 0), blocked_until = last_at "
                "WHERE scope = $1 AND key = $2",
                limit.scope,
                key,
            )
        else:
            await execute("DELETE FROM sign_in_attempt WHERE scope = $1 AND key = $2", limit.scope, key)


async def forget_old() -> None:
    """Take away counts that no longer matter."""
    await execute("DELETE FROM sign_in_attempt WHERE last_at < $1", clock.now() - FORGET)
