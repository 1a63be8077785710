"""The pieces of a member's page about tags, stage and the business's own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.conditions import check, describe
from tessera.kernel.errors import Invalid
from tessera.kernel.texts import translate
from tessera.members import labels, service
from tessera.members.service.fields import custom_fields, custom_values
from tessera.members.service.reveal import may_reveal_of
from tessera.members.service.stages import BUILT_IN, StageMove, moves_of
from tessera.members.service.tags import only_listed, tags_given
from tessera_hooks import Condition, _

TITLES = {rule.code: rule.title for rule in BUILT_IN}


async def tags_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The tags of a member; nothing where there are none and one may not give any."""
    if member is None:
        return None
    given, may_write = await tags_given(member), actor().may("members.write")
    if not given and not may_write:
        return None
    return {"member": member, "tags": given, "may_write": may_write, "only_listed": only_listed()}


async def stage_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The stage of a member, how they came to it, and the way to another."""
    if member is None:
        return None
    view = await service.member(member)
    return {
        "member": view,
        "stages": [(code, title) for code, title in labels.STAGES.items() if code != view.stage],
        "labels": labels,
        "moves": [(move, why(move)) for move in await moves_of(member)],
        "may_write": actor().may("members.write"),
    }


def why(move: StageMove) -> str:
    """The reason of a move in words."""
    if "text" in move.reason:
        words = str(move.reason["text"])
        return translate(words) if move.rule else words
    title = TITLES.get(move.rule or "")
    if title is not None:
        return translate(title)
    try:
        condition = msgspec.convert(move.reason["condition"], Condition)
        check(condition)
    except (Invalid, msgspec.ValidationError, KeyError):
        return translate(_("a rule that is gone"))
    return describe(condition)


async def custom_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What stands in the fields that the business added."""
    if member is None or not custom_fields():
        return None
    return {
        "member_id": member,
        "values": [one for one in await custom_values(member) if one.value is not None],
        "revealable": await may_reveal_of(member),
    }
