"""Tiers on a member's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.database import fetchval
from tessera.members.service.standing import TierMark
from tessera.tiers.service.defined import tier_of, tiers
from tessera.tiers.service.moving import stored_code
from tessera.tiers.service.progress import tier_view
from tessera.tiers.service.words import metric_title, say_amount, say_benefits


def marks() -> Sequence[TierMark]:
    """All tiers as lists show them, archived ones too: somebody may have one still."""
    return [TierMark(tier.code, tier.title, tier.tone, stored_code(tier)) for tier in tiers(archived=True)]


def title_of(code: str | None) -> str:
    """How a tier is called, by what members carry."""
    return tier_of(code).title


async def tier_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The tier, the way to the next, and what it brings; nothing where there is but one that brings nothing."""
    if member is None or (len(tiers(archived=True)) == 1 and not say_benefits(tiers()[0].benefits)):
        return None
    view = await tier_view(member)
    return {
        "member": member,
        "view": view,
        "next": view.progress[0] if view.progress else None,
        "benefits": say_benefits(view.tier.benefits),
        "metric_title": metric_title,
        "say_amount": say_amount,
        "may_write": actor().may("tiers.write"),
    }


async def tier_mark(member: UUID | None) -> Mapping[str, Any] | None:
    """The tier beside the name, where there is more than one."""
    if member is None or len(tiers(archived=True)) == 1:
        return None
    return {"member": member, "tier": tier_of(await fetchval("SELECT tier FROM member WHERE id = $1", member))}
