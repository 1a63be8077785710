"""Where rules meet the hooks: their event, page and the tick that runs what is due."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tessera.rules import service
from tessera_hooks import Event, Job, Screen, _, hookimpl


class RuleChanged(msgspec.Struct):
    """Which rule, whether it is on, and the number of this change."""

    rule: str
    enabled: bool
    version: int


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
