"""Switching a rule on and off, and changing its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, in_transaction
from tessera.kernel.events import emit
from tessera.rules.service.catalogue import RuleSetting, checked_parameters, rule

_SAVE = """
INSERT INTO rule_switch (code, plugin, enabled, enabled_at, since, parameters, backlog_until, version, updated_at,
                         updated_by)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, 1, $8, $9)
ON CONFLICT (code) DO UPDATE SET enabled = excluded.enabled, enabled_at = excluded.enabled_at,
  since = excluded.since, parameters = excluded.parameters, backlog_until = excluded.backlog_until,
  version = rule_switch.version + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""


async def switch_on(
    code: str, parameters: Mapping[str, Any] | None = None, *, include_backlog: bool = False
) -> RuleSetting:
    """Switch a rule on, with some of its numbers changed, from today on.

    It acts on causes of today and later. ``include_backlog`` is the explicit choice to let its next run
    also act on those who meet it already, as they stand now.
    """

    async def work() -> None:
        known = await _locked(code)
        values = checked_parameters(known, parameters or {})
        await _save(known, enabled=True, values=values, since=business().today(), backlog=include_backlog)

    await in_transaction(work)
    return await rule(code)


async def switch_off(code: str) -> RuleSetting:
    """Switch a rule off; its numbers are kept."""

    async def work() -> None:
        known = await _locked(code)
        if known.enabled:
            await _save(known, enabled=False, values=known.parameters, since=None, backlog=False)

    await in_transaction(work)
    return await rule(code)


async def change_parameters(code: str, parameters: Mapping[str, Any]) -> RuleSetting:
    """Change numbers; a rule that is on counts causes from today then, so that nobody is met by surprise."""

    async def work() -> None:
        known = await _locked(code)
        values = checked_parameters(known, parameters)
        if values != dict(known.parameters):
            since = business().today() if known.enabled else None
            await _save(known, enabled=known.enabled, values=values, since=since, backlog=False)

    await in_transaction(work)
    return await rule(code)


async def _locked(code: str) -> RuleSetting:
    """The rule, while nobody else changes it."""
    await execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"tessera.rule.{code}")
    return await rule(code)


async def _save(
    known: RuleSetting, *, enabled: bool, values: Mapping[str, int], since: date | None, backlog: bool
) -> None:
    moment: datetime = clock.now()
    await execute(
        _SAVE,
        known.code,
        known.plugin,
        enabled,
        moment if enabled else None,
        since,
        msgspec.json.encode(dict(values)).decode(),
        moment if backlog else None,
        moment,
        actor().label,
    )
    await emit("rule.changed", rule=known.code, enabled=enabled, version=known.version + 1)
