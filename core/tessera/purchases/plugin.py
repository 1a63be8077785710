"""Where purchases meet the hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tessera.access.service.leaving import register_handover
from tessera.purchases import events as declared
from tessera.purchases.cards import purchases_card, purchases_figure
from tessera.purchases.facts import FACTS
from tessera.purchases.imports import register
from tessera.purchases.screens.checking_in import check_in_action
from tessera.purchases.service import adopt_all
from tessera.purchases.service.merging import merge_purchases, unmerge_purchases
from tessera.purchases.service.privacy import tell_purchases
from tessera.purchases.service.shift_list import HANDOVER
from tessera_hooks import Event, Fact, Job, Merging, Screen, Slot, Text, _, hookimpl

register()
register_handover(HANDOVER)


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_purchases(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_purchases(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await unmerge_purchases(merging)


@hookimpl
def events() -> list[Event]:
    return declared.EVENTS


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def slots() -> list[Slot]:
    return [
        Slot("member.figure", "purchases/figure.html", purchases_figure, permission="purchases.read"),
        Slot("member.card", "purchases/card.html", purchases_card, permission="purchases.read"),
        Slot("member.action", "purchases/check_in.html", check_in_action, permission="purchases.write"),
    ]


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("shift", _("My shift"), "cash-register", "purchases.write", (), "till/shift"),
        Screen("shifts", _("Shifts"), "clock-dollar", "purchases.read", (), "till/shifts"),
        Screen("takings", _("Takings"), "report-money", "purchases.read", (), "reports/takings"),
        Screen("liability", _("What the business owes"), "scale", "points.read", (), "reports/liability"),
        Screen("staff_sales", _("Sales by staff"), "users-group", "purchases.read", (), "reports/staff"),
        Screen("sales", _("Sales"), "receipt", "settings.write", (), "settings/sales"),
        Screen("shift_notes", _("Shifts"), "cash-register", "settings.write", (), "settings/shifts"),
    ]


@hookimpl
def jobs() -> list[Job]:
    return [Job("purchases.orphans", timedelta(minutes=10), adopt_all)]
