"""A return that takes away what a tier was reached by: a task for people, never a silent way down."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetchrow
from tessera.kernel.texts import translate
from tessera.members.service import present
from tessera.tasks.service import open_task
from tessera.tiers.service.counting import count
from tessera.tiers.service.defined import tier_of
from tessera.tiers.service.history import say_evidence
from tessera.tiers.service.moving import evidence_of
from tessera_hooks import Returning, _

_STANDS_ON = f"""
SELECT m.tier, t.counted_since, t.counted_until FROM member m JOIN member_tier t ON t.member = m.id
JOIN purchase p ON p.id = $2
WHERE m.id = $1 AND {present("m")} AND m.tier IS NOT NULL AND NOT t.by_hand AND t.counted_since IS NOT NULL
    AND p.at >= t.counted_since AND p.at < t.counted_until
"""


async def after_return(returning: Returning) -> None:
    """Ask the store's manager to look at a tier that is no longer earned, where this return made it so.

    What was counted for the tier is counted again over the same days.
    """
    if returning.member is None:
        return
    row = await fetchrow(_STANDS_ON, returning.member, returning.purchase)
    if row is None:
        return
    tier = tier_of(row["tier"])
    since, end = (clock.local_day(row[name], business().timezone) for name in ("counted_since", "counted_until"))
    counted = await count(returning.member, [*tier.criteria.asks], since, end)
    if not tier.criteria.asks or tier.criteria.met_by(counted):
        return
    await _ask(returning, tier.code, say_evidence(evidence_of(tier, counted, since, end), business().locale))


async def _ask(returning: Returning, code: str, evidence: str) -> UUID:
    detail = translate(_("The tier stays until somebody decides or its days end."), business().locale)
    return await open_task(
        "tier_undone",
        _("After a return {tier} is no longer earned: keep it, or change it by hand", tier=tier_of(code).title),
        detail=f"{evidence} {detail}".strip(),
        member=returning.member,
        store=returning.store,
        role="manager",
        key=f"tier_undone:{returning.member}",
    )
