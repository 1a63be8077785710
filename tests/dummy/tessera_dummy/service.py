"""What the plugin does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.plugin import Conflict, add_record, emit, in_transaction, latest_records, now, settings, uuid7
from tessera_dummy.settings import DummySettings
from tessera_dummy.tables import Check, Seen
from tessera_hooks import Award, Happened, Merging, Settling, Text, TierMetric, _


class TooDear(Conflict):
    """A sale above what the settings allow."""

    code = "dummy_too_dear"


class Pinned(Conflict):
    """Something of a member that cannot become another's."""

    code = "dummy_pinned"


async def note(what: str, about: UUID | None = None, amount: int | None = None) -> None:
    """Write down that something was noticed."""
    await Seen.insert(Seen(id=uuid7(), what=what, about=about, amount=amount, at=now()))


async def wave(member: UUID) -> None:
    """Wave at a member: a row and an event in one unit of work."""

    async def work() -> None:
        await note("wave", member)
        await emit("dummy.waved", member=member, times=1)

    await in_transaction(work)


async def remember(event: Happened) -> None:
    """A reaction: note the event."""
    await note(f"event {event.kind}", event.member)


WAVES = TierMetric(
    "waves",
    _("Waves"),
    "(SELECT count(*) FROM dummy.seen s WHERE s.about = m.id AND s.what = 'wave' "
    "AND s.at >= {since} AND s.at < {until})",
    events=("dummy.waved",),
)
"""What tiers may be measured by."""


async def tick() -> None:
    """A job: note that it ran."""
    await note("tick")


async def greet_settled(purchase: Settling) -> None:
    """Take part in a sale: refuse what is too dear, note the rest in the same transaction."""
    chosen: DummySettings = settings("dummy")
    if purchase.amount > chosen.refuse_above:
        raise TooDear(_("this sale is above what the dummy allows"))
    await note("settled", purchase.member, purchase.amount)


def factor(award: Award) -> Fraction | None:
    """The factor from the settings; no opinion where it is 1."""
    chosen: DummySettings = settings("dummy")
    return Fraction(chosen.factor) if chosen.factor != "1" else None


async def summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:
    """The last score of each member who has one."""
    latest = await latest_records(Check, members)
    return {member: _("Score {n}", n=str(entry.values["score"])) for member, entry in latest.items()}


async def wearers(q: str, limit: int) -> list[UUID]:
    """Those of whom a badge was noticed, ``badge 17``; a broken one shows what becomes of a failing search."""
    if q == "broken badge":
        raise ValueError(q)
    rows = await Seen.select(Seen.about).where(Seen.what == f"badge {q}", Seen.about.is_not_null()).limit(limit)
    return [row["about"] for row in rows]


async def move_seen(merging: Merging) -> Mapping[str, Any]:
    """Take part in a merge: what was noticed of the other is the survivor's now, unless it is pinned."""
    if await Seen.exists().where(Seen.about == merging.other, Seen.what == "pinned"):
        raise Pinned(_("the dummy keeps something that cannot be moved"))
    moved = await Seen.update({Seen.about: merging.survivor}).where(Seen.about == merging.other).returning(Seen.id)
    return {"moved": [row["id"] for row in moved]}


async def give_back_seen(merging: Merging) -> Sequence[Text]:
    """Take part in undoing it: what was moved goes back, what was noticed since stays."""
    moved = [UUID(text) for text in merging.kept.get("moved", ())]
    await Seen.update({Seen.about: merging.other}).where(Seen.id.is_in(moved or [UUID(int=0)]))
    stays = await Seen.count().where(Seen.about == merging.survivor)
    return [_("things that the dummy noticed: {n}", n=stays)] if stays else []


async def card(member: UUID | None) -> Mapping[str, Any] | None:
    """What the member's page shows."""
    if member is None:
        return None
    seen = await Seen.count().where(Seen.about == member)
    return {"seen": seen}


async def start() -> None:
    """The starter set: one row, however often."""
    if not await Seen.exists().where(Seen.what == "started"):
        await note("started")


async def sample(members: Sequence[UUID]) -> None:
    """A check-up for each member."""
    for place, member in enumerate(members):
        await add_record(Check, member, {"score": 50 + place % 50, "colour": "green"})


async def told(member: UUID) -> Mapping[str, Any] | None:
    """All that was noticed about a member."""
    seen = await Seen.select(Seen.what, Seen.amount, Seen.at).where(Seen.about == member).order_by(Seen.at)
    return {"seen": seen} if seen else None


async def forget(member: UUID) -> None:
    """Take what was noticed about a member away; a sale stays, for it adds up."""
    await Seen.update({Seen.about: None}).where((Seen.about == member) & (Seen.what == "settled"))
    await Seen.delete().where(Seen.about == member)
