"""The changes of a member's tier, each with why in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel.database import fetch, fetchval
from tessera.kernel.texts import current_locale, translate
from tessera.members.service import ids_of
from tessera.tiers.service.defined import TierFacts, first_tier, tiers
from tessera.tiers.service.moving import Evidence
from tessera.tiers.service.words import joined, metric_title, say_amount, say_day
from tessera_hooks import Text, _

WHY: Mapping[str, Text] = {
    "reached": _("Reached"),
    "not_met": _("Not reached again"),
    "hand": _("By hand"),
    "hand_ended": _("What was set by hand has ended"),
    "released": _("Given back to the rules"),
    "brought": _("Brought from elsewhere"),
    "merged": _("Merged with another entry of the same person"),
    "unmerged": _("A merge was undone"),
    "import_undone": _("An import was taken back"),
}
"""Why a tier changed."""


@dataclass(frozen=True)
class Change:
    """One change; ``said`` is its evidence in words."""

    before: str
    after: str
    direction: str
    why: str
    reason: str
    evidence: Evidence
    actor: str
    at: datetime
    before_title: str = ""
    after_title: str = ""

    def said(self, locale: str | None = None) -> str:
        """What was counted, against what, over which days."""
        return say_evidence(self.evidence, locale or current_locale())


_NEXT = """
SELECT before FROM tier_change WHERE member = $1 AND at > $2 AND direction <> 'same'
  AND why IN ('reached', 'not_met', 'hand', 'hand_ended', 'released') ORDER BY at, id LIMIT 1
"""
"""The first change after a moment; what a merge or a list brought was so before, and says nothing of when."""


async def tier_then(member: UUID, at: datetime, now: str | None) -> str | None:
    """The tier that a member had at a moment, as members carry it; ``now`` is the one they have."""
    before: str | None = await fetchval(_NEXT, member, at)
    if before is None:
        return now
    return None if before == first_tier().code else before


def say_evidence(evidence: Evidence, locale: str) -> str:
    """The evidence of a change as a sentence; empty where nothing was counted."""
    parts = [_held(name, evidence, locale) for name in evidence.asked]
    said = joined(parts, evidence.match, locale)
    if said and evidence.since is not None and evidence.end is not None:
        last = evidence.end - timedelta(days=1)
        days = {"since": say_day(evidence.since, locale), "until": say_day(last, locale)}
        said = translate(_("From {since} to {until}: {what}.", what=said, **days), locale)
    for currency, n in evidence.uncounted.items():
        without = _("{n} purchases in {currency} did not count: there was no rate.", n=n, currency=currency)
        said = f"{said} {translate(without, locale)}"
    return said.strip()


def _held(name: str, evidence: Evidence, locale: str) -> str:
    has = say_amount(name, evidence.counted.get(name), locale)
    least = say_amount(name, evidence.asked[name], locale)
    return translate(_("{metric} {has} of {needs}", metric=metric_title(name), has=has, needs=least), locale)


async def changes_of(member: UUID, limit: int = 50) -> list[Change]:
    """The changes of a member under every id they have had, the latest first; the caller has checked who may see."""
    rows = await fetch(
        "SELECT before, after, direction, why, reason, evidence, actor, at FROM tier_change WHERE member = ANY($1) "
        "ORDER BY at DESC, id DESC LIMIT $2",
        await ids_of(member),
        limit,
    )
    known = {tier.code: tier for tier in tiers(archived=True)}
    return [_change(dict(row), known) for row in rows]


def _change(row: dict[str, Any], known: Mapping[str, TierFacts]) -> Change:
    for end in ("before", "after"):
        row[f"{end}_title"] = known[row[end]].title if row[end] in known else row[end]
    return Change(**{**row, "evidence": msgspec.convert(row["evidence"], Evidence)})
