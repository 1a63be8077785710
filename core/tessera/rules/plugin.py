"""Where rules meet the hooks: their event, page and the tick that runs what is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.rules import service
from tessera.rules.service.merging import merge_firings, unmerge_firings
from tessera.rules.service.privacy import tell_firings
from tessera_hooks import Event, Job, Merging, Screen, _, hookimpl


class RuleChanged(msgspec.Struct):
    """Which rule, whether it is on, and the number of this change."""

    rule: str
    enabled: bool
    version: int


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_firings(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_firings(merging)


@hookimpl
async def undo_merge(merging: Merging) -> None:
    await unmerge_firings(merging)


@hookimpl
def events() -> list[Event]:
    return [Event("rule.changed", _("Rule changed"), RuleChanged, icon="settings-automation", on_timeline=False)]


@hookimpl
def screens() -> list[Screen]:
    return [Screen("rules", _("Rules"), "settings-automation", "rules.write", (), "rules")]


async def _run() -> None:
    await service.run_due()


@hookimpl
def jobs() -> list[Job]:
    return [Job("run_rules", timedelta(minutes=1), _run)]
