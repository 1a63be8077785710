"""What is unusual: someone who takes out, reveals or looks up more in a day than their work asks for."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from tessera.access.actor import Actor
from tessera.kernel import clock
from tessera.kernel.business import business, has_business, set_setting, setting
from tessera.kernel.database import fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera_hooks import Text, _

SETTING = "access.usual"

KINDS: Mapping[str, Text] = {
    "exported": _("Rows exported"),
    "revealed": _("Values revealed"),
    "looked_up": _("Members looked up"),
    "missed": _("Lookups that found nobody"),
}
"""What is counted, by actor and calendar day of the business: audit actions that end in the code."""

USUAL: Mapping[str, Mapping[str, int]] = {
    "staff": {"exported": 5_000, "revealed": 200, "looked_up": 300, "missed": 50},
    "key": {"exported": 50_000, "revealed": 20_000, "looked_up": 10_000, "missed": 500},
}
"""Until the business says otherwise. A person at a desk serves some 200 customers on a full day, and misses
few of them; a program reads for a whole shop."""

LARGEST = 100_000_000


@dataclass(frozen=True)
class Alarm:
    """What was unusual: who, what, how much, and how much would have been usual."""

    actor_label: str
    actor_kind: str
    kind: str
    day: date
    amount: int
    usual: int


def kind_of(action: str) -> str | None:
    """The kind that an action counts for."""
    ending = action.rpartition(".")[2]
    return next((kind for kind in KINDS if ending == kind or ending.endswith(f"_{kind}")), None)


def usual(actor_kind: str, kind: str) -> int:
    """How much of a kind is usual in a day."""
    own: Mapping[str, Any] = setting(SETTING, {})
    return int(own.get(actor_kind, {}).get(kind, USUAL[actor_kind][kind]))


async def set_usual(wanted: Mapping[str, Mapping[str, str]]) -> None:
    """Say what is usual, as typed: by ``staff`` or ``key``, then kind."""
    checked: dict[str, dict[str, int]] = {}
    wrong: list[FieldError] = []
    for who, limits in wanted.items():
        for kind, typed in limits.items():
            number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0
            if not 1 <= number <= LARGEST:
                wrong.append(FieldError(f"{who}_{kind}", _("give a whole number from 1")))
            checked.setdefault(who, {})[kind] = number
    if wrong:
        raise Invalid(_("Some values cannot be accepted."), wrong)
    await set_setting(SETTING, checked)


def first_id(moment: datetime) -> UUID:
    """The smallest id that can have been made at a moment: ids begin with their millisecond (RFC 9562)."""
    return UUID(bytes=struct.pack(">Q", int(moment.timestamp() * 1000))[2:] + bytes(10))


def _today() -> tuple[date, UUID]:
    zone = business().timezone
    day = clock.local_day(clock.now(), zone)
    return day, first_id(datetime.combine(day, time(), tzinfo=clock.zone(zone)))


async def weigh(action: str, rows: int | None, someone: Actor) -> None:
    """Look at once whether what was just noted crosses what is usual.

    Of a person everything since midnight is added up. Of a program only what it takes in one go, or
    exports: it reads all day, and the job adds that up.
    """
    kind, who = kind_of(action), someone.staff_id or someone.key_id
    if kind is None or who is None or someone.kind not in USUAL or not has_business():
        return
    bound, amount = usual(someone.kind, kind), 1 if rows is None else rows
    day, since = _today()
    if amount <= bound and (someone.kind == "staff" or kind == "exported"):
        amount = await fetchval(
            f"SELECT coalesce(sum(coalesce(rows, 1)), 0) FROM audit WHERE actor = $1 AND id >= $2 AND {_OF_KIND}",
            who,
            since,
            kind,
        )
    if amount > bound:
        await _raise(who, someone.kind, str(someone.label)[:200], kind, day, amount)


_OF_KIND = r"action ~ ('[._]' || $3 || '$')"


async def look() -> int:
    """Add up what everyone did since midnight, raise what is unusual, and answer how many alarms were new."""
    if not has_business():
        return 0
    day, since = _today()
    raised = 0
    for kind in KINDS:
        rows = await fetch(
            "SELECT actor, actor_kind, max(actor_label) AS label, sum(coalesce(rows, 1)) AS amount FROM audit "
            f"WHERE id >= $1 AND actor IS NOT NULL AND actor_kind = ANY($2) AND {_OF_KIND} GROUP BY 1, 2",
            since,
            list(USUAL),
            kind,
        )
        for row in rows:
            if row["amount"] > usual(row["actor_kind"], kind):
                raised += await _raise(row["actor"], row["actor_kind"], row["label"], kind, day, row["amount"])
    return raised


async def _raise(who: UUID, actor_kind: str, label: str, kind: str, day: date, amount: int) -> bool:
    """Raise an alarm, once for actor, kind and day."""
    bound = usual(actor_kind, kind)

    async def work() -> bool:
        alarm = await fetchval(
            "INSERT INTO audit_alarm (id, actor, actor_kind, actor_label, kind, day, amount, usual, at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (actor, kind, day) DO NOTHING RETURNING id",
            uuid7(),
            who,
            actor_kind,
            label,
            kind,
            day,
            min(amount, 2**31 - 1),
            bound,
            clock.now(),
        )
        if alarm is None:
            return False
        await emit("access.unusual", alarm=alarm, what=kind, amount=amount, usual=bound)
        return True

    return await in_transaction(work)


async def alarm(id_: UUID) -> Alarm | None:
    """One alarm."""
    row = await fetchrow("SELECT actor_label, actor_kind, kind, day, amount, usual FROM audit_alarm WHERE id = $1", id_)
    return Alarm(**dict(row)) if row else None
