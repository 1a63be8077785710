"""Changing earning rules: each change is the next version, the ones before stay for what they have earned."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.access.actor import actor
from tessera.conditions import known_facts
from tessera.kernel import clock, generation
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import Conflict, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera.members.names import name_key
from tessera.points.earning.checking import check_rule
from tessera.points.earning.rules import PER_AMOUNT, Version, codes, of_row, shipped, versions_of
from tessera_hooks import Condition, EarningSpec, Text, _
from tessera_hooks.conditions import facts_of


class EarningRuleUnknown(NotFound):
    """There is no earning rule of that code."""

    code = "earning_rule_unknown"


class EarningRuleStale(Conflict):
    """Someone has changed the rule meanwhile."""

    code = "stale_version"


@dataclass(frozen=True)
class Listed:
    """A rule as it stands; ``version`` is 0 and nothing is earned by it where nobody has switched it on yet."""

    code: str
    plugin: str
    title: Text
    description: Text
    spec: EarningSpec
    enabled: bool
    version: int
    own: bool


def listed() -> list[Listed]:
    """All rules: Tessera's and those of enabled plugins, then the business's own by title."""
    brought = [_shown(code) for code, (plugin, _rule) in shipped().items() if host().enabled(plugin)]
    own = [_shown(code) for code in codes() if code not in shipped() and versions_of(code)[-1].plugin == CORE]
    return [*brought, *sorted(own, key=lambda one: one.title.casefold())]


def rule(code: str) -> Listed:
    """One rule by its code."""
    known = {one.code: one for one in listed()}
    if code in known:
        return known[code]
    near = next(iter(difflib.get_close_matches(code, known, n=1, cutoff=0.4)), None)
    if near:
        raise EarningRuleUnknown(_('there is no rule "{code}", did you mean "{near}"?', code=code, near=near))
    raise EarningRuleUnknown(_('there is no rule "{code}"', code=code))


def _shown(code: str) -> Listed:
    brought, versions = shipped().get(code), versions_of(code)
    description = brought[1].description if brought else Text("")
    if versions:
        last = versions[-1]
        return Listed(
            code, last.plugin, last.shown, description, last.spec, last.enabled, last.version, own=brought is None
        )
    plugin, declared = shipped()[code]
    return Listed(code, plugin, declared.title, description, declared.spec, enabled=False, version=0, own=False)


async def add_rule(title: str, spec: EarningSpec) -> Listed:
    """Make a rule of the business's own, in force from now on."""
    title = _plain(title)
    if spec.deed == "":
        spec = msgspec.structs.replace(spec, deed=_code_for(title))
    check_rule(title, spec)

    async def work() -> str:
        await _lock()
        code = await _free(_code_for(title))
        await _write(Version(code, 1, CORE, title, spec, enabled=True, valid_from=clock.now()))
        return code

    code = await in_transaction(work)
    await generation.refresh()
    return rule(code)


async def change_rule(code: str, version: int, title: str, spec: EarningSpec) -> Listed:
    """Write the next version of a rule; ``version`` is the one that was looked at. It stays on, or off."""
    title = _plain(title)
    check_rule(title, spec)
    return await _next(code, version, title=title, spec=spec)


async def switch(code: str, *, on: bool) -> Listed:
    """Switch a rule on or off, by a version of its own.

    One that comes with Tessera or a plugin begins today when it is switched on for the first time, unless it
    says otherwise: what is imported of the past earns nothing by it.
    """
    known = rule(code)
    if known.enabled == on:
        return known
    spec = known.spec
    if known.version == 0 and spec.starts_on is None:
        spec = msgspec.structs.replace(spec, starts_on=business().today())
    return await _next(code, known.version, title=known.title.source, spec=spec, enabled=on)


async def _next(code: str, version: int, *, title: str, spec: EarningSpec, enabled: bool | None = None) -> Listed:
    async def work() -> None:
        await _lock()
        before = await _last(code)
        if before.version != version:
            raise EarningRuleStale(_("Someone has changed this rule meanwhile: look at it again, then change it."))
        after = replace(before, version=version + 1, title=title, spec=spec, valid_from=clock.now())
        await _write(after if enabled is None else replace(after, enabled=enabled))

    await in_transaction(work)
    await generation.refresh()
    return rule(code)


async def _last(code: str) -> Version:
    """The last version in the database; of a rule that nobody has changed, what it comes with."""
    known = rule(code)
    rows = await fetch("SELECT * FROM earning_rule WHERE code = $1 ORDER BY version DESC LIMIT 1", code)
    if rows:
        return of_row(rows[0])
    if code == PER_AMOUNT:
        first = versions_of(code)[0]
        await _insert(first, by="")
        return first
    return Version(code, 0, known.plugin, known.title.source, known.spec, enabled=False, valid_from=clock.now())


async def history(code: str) -> Sequence[Version]:
    """All versions of a rule, the last first."""
    return list(reversed(versions_of(rule(code).code)))


async def _lock() -> None:
    """Rules are changed one at a time."""
    await execute("SELECT pg_advisory_xact_lock(hashtext('tessera.earning_rules'))")


async def _write(version: Version) -> None:
    subject = ("earning_rule", await _insert(version, by=str(actor().label)[:200]))
    facts: dict[str, Any] = {"rule": version.code, "version": version.version, "enabled": version.enabled}
    await audit.note("points.rule_changed", subject=subject, **facts)
    await generation.bump()


async def _insert(version: Version, *, by: str) -> UUID:
    id_ = uuid7()
    await execute(
        "INSERT INTO earning_rule (id, code, version, plugin, title, spec, enabled, valid_from, made_by) "
        "VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9)",
        id_,
        version.code,
        version.version,
        version.plugin,
        version.title,
        msgspec.json.encode(version.spec).decode(),
        version.enabled,
        version.valid_from,
        by,
    )
    return id_


def is_known(condition: Condition) -> bool:
    """Whether all that a condition asks for is still known."""
    return all(name in known_facts() for name in facts_of(condition))


def _plain(title: str) -> str:
    return " ".join(title.split())


_WORDS = re.compile(r"[a-z0-9]+")


def _code_for(title: str) -> str:
    """A code from a title: its English words, or the pinyin of its Chinese ones."""
    code = "_".join(_WORDS.findall(name_key(title)))[:40].strip("_")
    return code if code[:1].isalpha() else f"rule_{code}"[:40].strip("_")


async def _free(code: str) -> str:
    taken = {row["code"] for row in await fetch("SELECT DISTINCT code FROM earning_rule")} | shipped().keys()
    number, free = 2, code
    while free in taken:
        free, number = f"{code}_{number}", number + 1
    return free
