"""What ails an instance, and what to do about each: looked at from outside, then from inside the database."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from tessera.kernel import clock, dispatcher, embedded, reactions
from tessera.kernel.business import business, has_business, setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.due_work import overdue
from tessera.kernel.errors import CannotRun
from tessera.kernel.health import LAG, SPARE
from tessera.kernel.instance import Instance
from tessera.kernel.migrations import Found, pending, refuse_newer

Level = Literal["ok", "advice", "problem"]

EXPORTED = "keys.exported"
"""The setting that holds the fingerprint of the keys that were last exported."""

EXPORTED_NEWEST = "keys.exported_newest"
"""The setting that holds the fingerprint of the newest data key that was exported; it outlives dropping old ones."""

CLOCK_TOLERANCE = timedelta(seconds=5)
SILENT = timedelta(hours=1)
"""How long a recurring job's failure is news."""

SHOWN = 5
"""How many of the events that were given up are named."""

WEB_FILES = Path(__file__).parents[1] / "web" / "static" / "vendor"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it stands, and the next step unless all is well."""

    level: Level
    subject: str
    said: str


def examine_outside(instance: Instance) -> list[Finding]:
    """What can be seen without the database: folder, keys, disk, pages, address."""
    return [*_embedded(instance), *_keys(instance), *_disk(instance), *_web(instance)]


async def examine_inside(instance: Instance, found: Sequence[Found]) -> list[Finding]:
    """What only the connected database can tell."""
    findings = [*await _server(), *await _migrations(found)]
    if any(f.level == "problem" for f in findings):
        return findings
    return [
        *findings,
        *_exported(instance),
        *await _plugins(),
        *await _events(at_work := await _is_dispatched()),
        *await _work(at_work),
        *_business(),
    ]


def _embedded(instance: Instance) -> Iterator[Finding]:
    if instance.settings.database.url:
        yield Finding("ok", "database", "another server, by [database] url")
        return
    problems = embedded.problems(instance.data)
    for sentence in problems:
        level: Level = "advice" if sentence.startswith("tessera runs as root") else "problem"
        yield Finding(level, "embedded PostgreSQL", sentence)
    if not problems:
        yield Finding("ok", "embedded PostgreSQL", "its folder is in order")


def _keys(instance: Instance) -> Iterator[Finding]:
    try:
        keys = instance.keys
    except CannotRun as problem:
        yield Finding("problem", "keys", str(problem))
        return
    yield Finding("ok", "keys", f"readable by their owner alone; sealing with version {keys.newest}")


def _disk(instance: Instance) -> Iterator[Finding]:
    free = shutil.disk_usage(instance.folder).free
    said = f"{free // 1024**2} MB free for {instance.folder}"
    if free < SPARE:
        yield Finding("problem", "disk", f"only {said}: free some space")
    else:
        yield Finding("ok", "disk", said)


def _web(instance: Instance) -> Iterator[Finding]:
    web = instance.settings.web
    if (WEB_FILES / "tabler.min.css").is_file():
        yield Finding("ok", "front-end files", "in place")
    else:
        yield Finding("problem", "front-end files", "missing: run `make assets`, or install the package again")
    if web.public_url.startswith("https://"):
        yield Finding("ok", "address", web.public_url)
    elif web.public_url:
        yield Finding(
            "advice", "address", f"{web.public_url} is not encrypted: put it behind TLS, phones need it for the camera"
        )
    else:
        yield Finding(
            "advice", "address", "no [web] public_url: links in messages need it, e.g. https://crm.example.com"
        )
    if sys.platform != "win32" and os.geteuid() == 0 and instance.settings.database.url:
        yield Finding("advice", "user", "tessera runs as root: run it as an unprivileged user")


async def _server() -> list[Finding]:
    version = await fetchval("SELECT current_setting('server_version')")
    drift = abs(await fetchval("SELECT clock_timestamp()") - clock.now())
    findings = [Finding("ok", "database", f"PostgreSQL {version}")]
    if drift > CLOCK_TOLERANCE:
        seconds = round(drift.total_seconds())
        findings.append(
            Finding(
                "problem",
                "clock",
                f"this machine's clock and the database's differ by {seconds} s: set both by a time server",
            )
        )
    else:
        findings.append(Finding("ok", "clock", "the same here and in the database"))
    return findings


async def _migrations(found: Sequence[Found]) -> list[Finding]:
    try:
        await refuse_newer(found)
    except CannotRun as problem:
        return [Finding("problem", "schema", str(problem))]
    waiting = await pending(found)
    if waiting:
        said = f"{len(waiting)} changes are waiting: run `tessera backup FILE`, then `tessera migrate`"
        return [Finding("problem", "schema", said)]
    return [Finding("ok", "schema", "up to date")]


def _exported(instance: Instance) -> Iterator[Finding]:
    keys = instance.keys
    if setting(EXPORTED) == keys.fingerprint() or setting(EXPORTED_NEWEST) == keys.newest_fingerprint():
        yield Finding("ok", "keys' copy", "these keys were exported")
    elif setting(EXPORTED):
        yield Finding(
            "advice",
            "keys' copy",
            f"data key {keys.newest}, which seals now, was never exported: run `tessera key export FILE` again",
        )
    else:
        yield Finding(
            "advice",
            "keys' copy",
            "never exported, and no backup holds the keys: run `tessera key export FILE` and keep it elsewhere",
        )


async def _plugins() -> list[Finding]:
    from tessera.kernel.plugins import host

    rows = await fetch("SELECT DISTINCT plugin FROM plugin_enabled ORDER BY 1")
    gone = [row["plugin"] for row in rows if row["plugin"] not in host().plugins]
    if not gone:
        return [Finding("ok", "plugins", f"{len(rows)} enabled, all installed")]
    return [
        Finding(
            "problem",
            "plugins",
            f'"{name}" is enabled and not installed or broken: `tessera plugin list` says which, then install it '
            f"again or run `tessera plugin disable {name}`",
        )
        for name in gone
    ]


async def _is_dispatched() -> bool:
    """Whether some process is at work: what waits while nobody is, is no fault."""
    return bool(await fetchval("SELECT lease_until > now() FROM dispatcher"))


async def _events(at_work: bool) -> list[Finding]:
    waiting, seconds = await dispatcher.lag()
    findings = [Finding("ok", "events", f"{waiting} wait for their place")]
    if seconds > LAG:
        said = f"{waiting} wait for their place, the oldest for {seconds:.0f} s: {_what_to_do(at_work)}"
        findings = [Finding("problem" if at_work else "advice", "events", said)]
    return [*findings, await _reactions(at_work), *await _given_up()]


async def _reactions(at_work: bool) -> Finding:
    slowest = await reactions.behind()
    if slowest is None:
        return Finding("ok", "reactions", "none is behind")
    said = f"{slowest.consumer} is {slowest.events} events behind, the oldest of {slowest.seconds:.0f} s ago"
    if slowest.seconds > LAG:
        return Finding("problem" if at_work else "advice", "reactions", f"{said}: {_what_to_do(at_work)}")
    return Finding("ok", "reactions", said)


async def _given_up() -> list[Finding]:
    findings = []
    for parked in (await reactions.parked())[:SHOWN]:
        findings.append(
            Finding(
                "problem",
                "events",
                f"{parked['consumer']} gave up {parked['kind']} after {parked['attempts']} attempts "
                f"({parked['error'][:120]}): correct it, then try the event again",
            )
        )
    if (count := await reactions.count_parked()) > SHOWN:
        findings.append(Finding("problem", "events", f"{count} deliveries were given up, the newest are named above"))
    return findings


def _what_to_do(at_work: bool) -> str:
    return "see the worker's log" if at_work else "start `tessera run`, or `tessera worker`"


async def _work(at_work: bool) -> list[Finding]:
    findings = [
        Finding(
            "problem" if at_work else "advice",
            "due work",
            f"{late.rows} rows of {late.table} are late, the oldest by {late.seconds / 60:.0f} minutes: "
            f"{_what_to_do(at_work)}",
        )
        for late in await overdue()
    ] or [Finding("ok", "due work", "nothing is late")]
    failed = await fetch(
        "SELECT name, error FROM job_run WHERE error IS NOT NULL AND started_at > $1 ORDER BY name",
        clock.now() - SILENT,
    )
    findings += [
        Finding("problem", "recurring jobs", f"{row['name']} failed ({row['error'][:120]}): see the worker's log")
        for row in failed
    ]
    return findings


def _business() -> Iterator[Finding]:
    if has_business():
        yield Finding("ok", "business", business().name)
    else:
        yield Finding("advice", "business", "not set up yet: open the first-run page")
