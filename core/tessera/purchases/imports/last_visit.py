"""The column "last visit" of a list of members: each becomes a visit of history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch
from tessera.members.imports import MemberColumn, MemberValue
from tessera.members.normalise import Unusable, parse_date
from tessera.purchases.service.statistics import rebuild
from tessera.purchases.service.visits import NewVisit, record_visits
from tessera_hooks import _

HEADERS = (
    "最近到店", "最近到店日期", "最后到店", "最近消费", "最近消费日期", "最后消费日期", "上次到店", "最近来店",
    "最近到访", "last visit", "last visited", "last visit date", "last seen",
)  # fmt: skip


def parse(text: str) -> date:
    """A day that is not after today in the business's zone."""
    day = parse_date(text)
    if day > business().today():
        raise Unusable(_("this day lies in the future"))
    return day


async def load(values: Sequence[MemberValue], _batch: UUID) -> set[int]:
    """Record the visits; answers the lines that brought one that was not known."""
    fresh = await record_visits([NewVisit(v.member, v.store, v.value, "listed") for v in values])
    return {value.line for value, is_new in zip(values, fresh, strict=True) if is_new}


async def undo(batch: UUID) -> None:
    """Take the visits of an import of members back."""
    gone = await fetch("DELETE FROM visit WHERE batch = $1 AND kind = 'listed' RETURNING member", batch)
    members = sorted({row["member"] for row in gone})
    await rebuild(members)
    await execute("DELETE FROM member_stats WHERE member = ANY($1) AND purchases = 0 AND visits = 0", members)


COLUMN = MemberColumn(field="last_visit", title=_("Last visit"), headers=HEADERS, parse=parse, load=load, undo=undo)
