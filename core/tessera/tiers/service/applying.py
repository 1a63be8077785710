"""Asking about everyone: each night, and when somebody has changed what tiers ask for.

A night of a million members is longer than a worker lets one round last, and a worker may be killed in it. How far
a night has come stands in a row, which is written with each page of members; the next round goes on from there.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from tessera.access.actor import system_actor
from tessera.kernel import clock, long_jobs
from tessera.kernel.business import has_business
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.long_jobs import STRETCH
from tessera.tiers.service import requalifying, rising

JOB = "tiers.apply"

NIGHT = "tiers.night"
"""The row that says how far the night under way has come: no choice of anyone's."""


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """A night under way: first whoever comes up, along the ids, then what ends, along the days."""

    began: datetime
    step: Literal["up", "down"] = "up"
    until: datetime = requalifying.START[0]
    member: UUID = rising.START


async def nightly() -> None:
    """Begin a night, unless one is under way still, and go on with it."""
    if not has_business():
        return
    await execute(
        "INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, $2::jsonb, 'core', $3) "
        "ON CONFLICT (key) DO NOTHING",
        NIGHT,
        _stored(Night(began=clock.now())),
        clock.now(),
    )
    await go_on()


async def go_on() -> None:
    """Go on with the night that is under way, if one is, page by page until it ends or the time is up."""
    end = time.monotonic() + STRETCH
    with system_actor():
        while await in_transaction(_page) and time.monotonic() < end:
            continue


async def _page() -> bool:
    """Do the next page of the night and note how far that is; answers whether there may be more.

    A night that another process has just in hand is left to it.
    """
    found = await fetchval("SELECT value FROM setting WHERE key = $1 FOR UPDATE SKIP LOCKED", NIGHT)
    if found is None:
        return False
    further = await _after(msgspec.convert(found, Night))
    if further is None:
        await execute("DELETE FROM setting WHERE key = $1", NIGHT)
        return False
    await execute(
        "UPDATE setting SET value = $2::jsonb, updated_at = $3 WHERE key = $1", NIGHT, _stored(further), clock.now()
    )
    return True


async def _after(night: Night) -> Night | None:
    """The night after its next page; ``None`` when it is over."""
    if night.step == "up":
        _raised, member = await rising.raise_page(night.member)
        if member is not None:
            return msgspec.structs.replace(night, member=member)
        await rising.note_everyone(night.began)
        return Night(began=night.began, step="down")
    _counts, place = await requalifying.judge_page((night.until, night.member))
    return Night(began=night.began, step="down", until=place[0], member=place[1]) if place is not None else None


def _stored(night: Night) -> str:
    return msgspec.json.encode(night).decode()


async def apply_now(progress: UUID) -> None:
    """Raise whoever meets a higher tier now, as a long job; nobody goes down before their days end."""
    with system_actor():
        raised = await rising.raise_everyone()
    await long_jobs.finish(progress, {"raised": raised})


long_jobs.register(JOB, apply_now)
