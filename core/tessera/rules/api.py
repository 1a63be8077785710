"""Rules as JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import Body, FromPath, JSONBody

from tessera.kernel.texts import translate
from tessera.rules import service


class ParameterOut(msgspec.Struct):
    """A number of a rule with its bounds."""

    name: str
    title: str
    value: int
    default: int
    low: int
    high: int


class RuleOut(msgspec.Struct):
    """A rule as it is set; ``condition`` is a sentence in the language of the request."""

    code: str
    plugin: str
    title: str
    description: str
    condition: str
    at: str
    enabled: bool
    since: date | None
    version: int
    parameters: list[ParameterOut]

    @classmethod
    def of(cls, setting: service.RuleSetting) -> RuleOut:
        """A rule as programs see it."""
        parameters = [
            ParameterOut(p.name, translate(p.title), setting.parameters[p.name], p.default, p.low, p.high)
            for p in setting.rule.parameters
        ]
        return cls(
            setting.code,
            setting.plugin,
            translate(setting.rule.title),
            translate(setting.rule.description),
            setting.condition,
            setting.rule.trigger.at,
            setting.enabled,
            setting.since,
            setting.version,
            parameters,
        )


class RuleList(msgspec.Struct):
    """All rules; there are never so many that they need pages."""

    items: list[RuleOut]
    next: str | None = None


class RuleIn(msgspec.Struct, forbid_unknown_fields=True):
    """How a rule is to be set; ``include_backlog`` lets the next run act on those who met it before."""

    enabled: bool
    parameters: dict[str, int] = {}
    include_backlog: bool = False


class DryRunIn(msgspec.Struct, forbid_unknown_fields=True):
    """Numbers to try out in the place of those set."""

    parameters: dict[str, int] = {}


class TouchedOut(msgspec.Struct):
    """Someone whom a rule would touch, and the day on which it took effect."""

    member: UUID
    name: str
    day: date


class DryRunOut(msgspec.Struct):
    """What a run would do today; ``outcomes`` by reason, ``acted`` for messages that would go out."""

    today: int
    backlog: int
    fired_before: int
    outcomes: dict[str, int]
    members: list[TouchedOut]


@get("/rules", permission="rules.write")
async def list_rules() -> RuleList:
    """The rules of enabled plugins."""
    return RuleList([RuleOut.of(setting) for setting in await service.rules()])


@put("/rules/{code:str}", permission="rules.write")
async def set_rule(code: FromPath[str], data: JSONBody[RuleIn]) -> RuleOut:
    """Switch a rule on or off, or change its numbers; what is as it should be is left alone."""
    setting = await service.rule(code)
    if data.enabled and (not setting.enabled or data.include_backlog):
        return RuleOut.of(await service.switch_on(code, data.parameters, include_backlog=data.include_backlog))
    if not data.enabled and setting.enabled:
        await service.switch_off(code)
    return RuleOut.of(await service.change_parameters(code, data.parameters))


@post("/rules/{code:str}/dry-run", permission="rules.write", status_code=200)
async def try_rule(code: FromPath[str], data: Annotated[DryRunIn | None, Body()] = None) -> DryRunOut:
    """Whom a rule would touch today, without touching anyone."""
    found = await service.dry_run(code, data.parameters if data else None)
    members = [TouchedOut(each.member, each.name, each.day) for each in found.named]
    return DryRunOut(found.today, found.backlog, found.fired_before, dict(found.outcomes), members)


handlers = [list_rules, set_rule, try_rule]
