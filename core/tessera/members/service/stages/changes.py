"""One member moved to another stage: the row, its history, its event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import copy_records, execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.members.labels import STAGES
from tessera.members.normalise import plain
from tessera.members.service.scope import need_visible, present, unknown
from tessera.members.service.survivors import hold
from tessera_hooks import _

LONGEST_REASON = 500

COLUMNS = ("id", "member", "before", "after", "reason", "rule", "actor", "staff", "at")


@dataclass(frozen=True)
class StageMove:
    """One line of a member's history of stages; ``reason`` is ``{"text"}`` by hand, ``{"condition"}`` by a rule."""

    before: str
    after: str
    reason: Mapping[str, Any]
    rule: str | None
    actor: str
    at: datetime


async def move_stage(
    member: UUID, stage: str, reason: str = "", *, rule: str | None = None, permission: str = "members.write"
) -> bool:
    """Move a member to a stage and say why; answers whether they stood in another.

    ``rule`` names the rule that does it; without one it is done by hand, and holds for a while against the
    rules of stages.
    """
    words = plain(reason)
    _check(stage, words)
    asked = await need_visible(member, permission)

    async def work() -> bool:
        member = await hold(asked)
        row = await fetchrow(
            f"SELECT m.stage, m.store FROM member m WHERE m.id = $1 AND {present('m')} FOR NO KEY UPDATE", member
        )
        if row is None:
            raise unknown()
        if row["stage"] == stage:
            return False
        moment = clock.now()
        await execute("UPDATE member SET stage = $2, updated_at = $3 WHERE id = $1", member, stage, moment)
        await write_changes([change_row(member, row["stage"], stage, {"text": words}, rule, moment)])
        await emit(
            "member.stage_changed", member=member, store=row["store"], before=row["stage"], after=stage, rule=rule
        )
        await audit.note("members.stage_changed", member=member, fields=["stage"], after=stage, rule=rule)
        return True

    return await in_transaction(work)


def _check(stage: str, reason: str) -> None:
    wrong = []
    if stage not in STAGES:
        wrong.append(FieldError("stage", _("choose one of: {known}", known=", ".join(STAGES))))
    if len(reason) > LONGEST_REASON:
        wrong.append(FieldError("reason", _("at most {limit} characters", limit=LONGEST_REASON)))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


def change_row(
    member: UUID, before: str, after: str, reason: Mapping[str, Any], rule: str | None, moment: datetime
) -> tuple[Any, ...]:
    """The row of a change, for ``write_changes``."""
    who = actor()
    said = msgspec.json.encode(reason).decode()
    return uuid7(), member, before, after, said, rule, str(who.label)[:200], who.staff_id, moment


async def write_changes(rows: Sequence[tuple[Any, ...]]) -> None:
    """Write the history of some moves in the running unit of work."""
    if rows:
        await copy_records("stage_change", rows, COLUMNS)


async def moves_of(member: UUID, limit: int = 5) -> list[StageMove]:
    """How a member came to their stage, the latest move first."""
    rows = await fetch(
        "SELECT before, after, reason, rule, actor, at FROM stage_change WHERE member = $1 "
        "ORDER BY at DESC, id DESC LIMIT $2",
        member,
        limit,
    )
    return [StageMove(**dict(row)) for row in rows]
