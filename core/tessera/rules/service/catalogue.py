"""The rules that plugins ship, and how this business has set them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from tessera.conditions import describe
from tessera.kernel.database import fetch
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera.kernel.plugins import PluginHost, host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import Param, Rule, _


class RuleUnknown(NotFound):
    """There is no rule of that code."""

    code = "rule_unknown"


@dataclass(frozen=True)
class RuleSetting:
    """A rule with its switch. ``since`` is the first day whose causes count; ``version`` grows with changes."""

    code: str
    plugin: str
    rule: Rule
    enabled: bool = False
    enabled_at: datetime | None = None
    since: date | None = None
    parameters: Mapping[str, int] = None  # type: ignore[assignment]
    backlog_until: datetime | None = None
    version: int = 0

    @property
    def at(self) -> time:
        """When it runs, in the business's zone."""
        return time.fromisoformat(self.rule.trigger.at)

    @property
    def condition(self) -> str:
        """Whom it is about, as a sentence in the language in force."""
        return describe(self.rule.condition, parameters=self.parameters)

    def after_days(self, parameters: Mapping[str, int] | None = None) -> int:
        """How many days after its cause's date it takes effect."""
        given = self.rule.cause.after_days
        return (parameters or self.parameters)[given.name] if isinstance(given, Param) else given


def code_of(plugin: str, name: str) -> str:
    """The full name of a rule: ``fitness.no_visit``."""
    return name if plugin == CORE else f"{plugin}.{name}"


def declared(known: PluginHost | None = None) -> Mapping[str, tuple[str, Rule]]:
    """Every declared rule with its plugin, by full name."""
    return {code_of(d.plugin, d.value.name): (d.plugin, d.value) for d in (known or host()).declared("rules")}


async def rules() -> Sequence[RuleSetting]:
    """The rules of the core and of enabled plugins, each as it is set."""
    rows = {row["code"]: row for row in await fetch("SELECT * FROM rule_switch")}
    listed = declared().items()
    return [_set(code, plugin, rule, rows.get(code)) for code, (plugin, rule) in listed if host().enabled(plugin)]


async def rule(code: str) -> RuleSetting:
    """One rule of an enabled plugin by its full name."""
    known = {setting.code: setting for setting in await rules()}
    if code in known:
        return known[code]
    near = next(iter(difflib.get_close_matches(code, known, n=1, cutoff=0.4)), None)
    if near:
        raise RuleUnknown(_('there is no rule "{code}", did you mean "{near}"?', code=code, near=near))
    raise RuleUnknown(_('there is no rule "{code}"', code=code))


def _set(code: str, plugin: str, rule: Rule, row: Any) -> RuleSetting:
    defaults = {p.name: p.default for p in rule.parameters}
    if row is None:
        return RuleSetting(code, plugin, rule, parameters=defaults)
    kept = {name: value for name, value in row["parameters"].items() if name in defaults}
    return RuleSetting(
        code,
        plugin,
        rule,
        row["enabled"],
        row["enabled_at"],
        row["since"],
        {**defaults, **kept},
        row["backlog_until"],
        row["version"],
    )


def checked_parameters(setting: RuleSetting, given: Mapping[str, Any]) -> dict[str, int]:
    """All parameters with those given, or a refusal of each that is unknown or out of its bounds."""
    known = {p.name: p for p in setting.rule.parameters}
    errors, values = [], dict(setting.parameters)
    for name, raw in given.items():
        parameter = known.get(name)
        if parameter is None:
            listed = ", ".join(known) or "–"
            errors.append(
                FieldError(name, _('there is no parameter "{name}": known are {listed}', name=name, listed=listed))
            )
            continue
        value = _whole(raw)
        if value is None or not parameter.low <= value <= parameter.high:
            message = _("give a whole number from {low} to {high}", low=parameter.low, high=parameter.high)
            errors.append(FieldError(name, message))
        else:
            values[name] = value
    if errors:
        raise Invalid(errors[0].message, errors)
    return values


def _whole(raw: Any) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    text = str(raw).strip()
    return int(text) if text.isdecimal() and len(text) < 10 else None
