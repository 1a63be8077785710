"""Where points meet the hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tessera.points import events as declared
from tessera.points import verification
from tessera.points.cards import points_card
from tessera.points.earning.noting import deeds_action
from tessera.points.earning.shipped import RULES
from tessera.points.facts import FACTS
from tessera.points.imports import register
from tessera.points.noticing import KINDS, concerns, notice
from tessera.points.service import book_for_a_while
from tessera.points.service.merging import merge_points, unmerge_points
from tessera.points.service.privacy import erase_ledger, tell_ledger
from tessera_hooks import EarningRule, Event, Fact, Job, Merging, Reaction, Screen, Slot, Text, _, hookimpl

register()


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_ledger(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await erase_ledger(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_points(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await unmerge_points(merging)


@hookimpl
def events() -> list[Event]:
    return declared.EVENTS


@hookimpl
def earning_rules() -> list[EarningRule]:
    return RULES


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("points.deeds", KINDS, notice, when=concerns)]


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("earning", _("Earning points"), "coins", "settings.write", (), "/settings/earning"),
        Screen("lasting", _("How long points last"), "hourglass", "settings.write", (), "/settings/points"),
    ]


@hookimpl
def slots() -> list[Slot]:
    return [
        Slot("member.figure", "points/figure.html", points_card, permission="points.read"),
        Slot("member.card", "points/card.html", points_card, permission="points.read"),
        Slot("member.action", "points/earning/deeds.html", deeds_action, permission="points.write"),
    ]


@hookimpl
def jobs() -> list[Job]:
    return [
        Job("points.expiry", timedelta(hours=1), book_for_a_while),
        Job("points.verification", "55 3 * * *", verification.begin_verification),
    ]
