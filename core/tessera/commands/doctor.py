"""``tessera doctor``: what ails the instance and what to do about it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import rich_click as click

from tessera.cli_support import instance_folder, one_sentence, out, say

if TYPE_CHECKING:
    from tessera.kernel.doctor import Finding
    from tessera.kernel.instance import Instance

_MARK = {"ok": "[green]ok[/]", "advice": "[yellow]advice[/]", "problem": "[bold red]problem[/]"}


@click.command()
def doctor() -> None:
    """Look the instance over and say what to do; exit code 1 where there is a problem."""
    from rich.markup import escape
    from rich.table import Table

    from tessera.kernel.instance import open_instance
    from tessera.kernel.logs import set_up_logging

    set_up_logging(level=40)
    with one_sentence():
        findings = asyncio.run(_examine(open_instance(instance_folder())))
    table = Table("", "What", "How it stands")
    for finding in findings:
        table.add_row(_MARK[finding.level], finding.subject, escape(finding.said))
    out.print(table)
    if any(finding.level == "problem" for finding in findings):
        sys.exit(1)


async def _examine(instance: Instance) -> list[Finding]:
    """Everything that can be found out, also where the database or a plugin stands in the way."""
    from tessera import domains
    from tessera.kernel import database, generation
    from tessera.kernel.business import has_business
    from tessera.kernel.doctor import Finding, examine_inside, examine_outside
    from tessera.kernel.errors import CannotRun
    from tessera.kernel.plugins.survey import survey
    from tessera.start import migrations_of, open_database

    findings = examine_outside(instance)
    surveyed = survey(instance.plugins_folder, domains.DOMAINS, domains.derivations())
    findings += [Finding("problem", "plugins", sentence) for sentence in surveyed.broken.values()]
    try:
        server = await open_database(instance, say)
    except CannotRun as problem:
        return [*findings, Finding("problem", "database", str(problem))]
    try:
        if await database.fetchval("SELECT to_regclass('public.business')") is not None:
            await generation.reread()
        inside = await examine_inside(instance, migrations_of(surveyed.host))
        return [*findings, *inside, *(_messages() if has_business() else [])]
    finally:
        await database.disconnect()
        if server is not None:
            await asyncio.to_thread(server.release)


def _messages() -> list[Finding]:
    """Whether messages could reach anybody."""
    from tessera.kernel.doctor import Finding
    from tessera.messaging import service

    modes = {service.mode(), *service.modes_of_stores().values()} - {None}
    if modes == {"off"}:
        return [Finding("advice", "messages", "switched off: nobody is written to until they are set to test or on")]
    if not service.smtp_settings().is_set:
        return [Finding("problem", "messages", "switched on, and there is no mail server: enter one on their page")]
    return [Finding("ok", "messages", f"switched to {service.mode()}, with a mail server")]


commands: list[click.Command] = [doctor]
