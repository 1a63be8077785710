"""The command ``tessera``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import rich_click as click

from tessera import __version__
from tessera.cli_support import ask_to_migrate, instance_folder, one_sentence, run_in_instance, say

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.SHOW_ARGUMENTS = True


class Commands(click.RichGroup):
    """The commands of this file at once, those of the domains when one of them is asked for."""

    def _load(self) -> None:
        from tessera.commands import all_commands

        for command in all_commands():
            if command.name not in self.commands:
                self.add_command(command)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command by its name."""
        if cmd_name not in self.commands:
            self._load()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, for the help."""
        self._load()
        return super().list_commands(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--instance", type=click.Path(file_okay=False), help="The instance's folder (or TESSERA_INSTANCE).")
@click.version_option(__version__, prog_name="tessera")
def tessera(instance: str | None) -> None:
    """Tessera: a membership CRM whose industries are plugins."""
    if instance:
        os.environ["TESSERA_INSTANCE"] = str(Path(instance).absolute())


@tessera.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--business", "name", required=True, help="The name of the business.")
@click.option("--plugins", default="", help="Plugins to enable, separated by commas.")
@click.option("--locale", type=click.Choice(["en", "zh_Hans"]), default="en", show_default=True, help="The language.")
@click.option("--currency", default="CNY", show_default=True, help="ISO 4217.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="IANA name.")
def init(folder: Path, name: str, plugins: str, locale: str, currency: str, timezone: str) -> None:
    """Create an instance in a new folder."""
    from tessera.setup import create

    with one_sentence():
        create(folder, name, [p for p in plugins.split(",") if p.strip()], locale, currency, timezone, say)
    say(f"{folder} is ready: run `tessera --instance {folder} run` and open the address it prints.")


@tessera.command()
@click.option("--host", default=None, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Web processes.")
@click.option("--yes", is_flag=True, help="Make pending schema changes without asking.")
def run(host: str | None, port: int | None, workers: int | None, yes: bool) -> None:
    """Serve pages, with one job worker beside."""
    from tessera.kernel.instance import open_instance
    from tessera.kernel.logs import set_up_logging
    from tessera.launch import check_port, database_starting, no_collecting

    set_up_logging()
    with one_sentence():
        instance = open_instance(instance_folder())
        web = instance.settings.web
        address = (host or web.host, port or web.port)
        check_port(*address)
        _ = instance.keys
        with database_starting(instance, say) as database_is_there:
            with no_collecting():
                from tessera import serve
                from tessera.setup import announce
                from tessera.start import agree
            serving = serve.Serving(
                *address,
                workers or web.workers,
                say,
                may_migrate=agree if yes else ask_to_migrate,
                ready=lambda first_run: announce(instance, *address, first_run=first_run),
            )
            serve.run(instance, serving, database_is_there)


@tessera.command()
@click.option("--follow-parent", is_flag=True, hidden=True)
def worker(follow_parent: bool) -> None:
    """Run a job worker alone."""
    from tessera.kernel.instance import open_instance
    from tessera.kernel.logs import set_up_logging
    from tessera.worker import run_worker

    set_up_logging()
    with one_sentence():
        asyncio.run(run_worker(open_instance(instance_folder()), follow_parent=follow_parent))


@tessera.command()
@click.option("--yes", is_flag=True, help="Do not ask whether there is a backup.")
def migrate(yes: bool) -> None:
    """Bring the database up to date with the installed code."""
    from tessera.kernel import database, migrations
    from tessera.kernel.instance import open_instance
    from tessera.start import agree, load, open_database

    async def work() -> int:
        loaded = load(open_instance(instance_folder()))
        server = await open_database(loaded.instance, say)
        try:
            await migrations.refuse_newer(loaded.found)
            waiting = await migrations.pending(loaded.found)
            if waiting and not yes and not (agree(waiting) if not sys.stdin.isatty() else ask_to_migrate(waiting)):
                return -1
            return await migrations.migrate(loaded.found, lambda m: say(f"{m.plugin}: {m.id}"))
        finally:
            await database.disconnect()
            if server is not None:
                server.release()

    with one_sentence():
        count = asyncio.run(work())
    say(
        "nothing was changed"
        if count < 0
        else f"{count} schema changes made"
        if count
        else "the database is up to date"
    )


@tessera.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option("--host", default="0.0.0.0", show_default=True, help="0.0.0.0 lets a phone in the same network in.")  # noqa: S104
@click.option("--fresh", is_flag=True, help="Throw the last demonstration away and begin anew.")
def demo(port: int, host: str, fresh: bool) -> None:
    """A throwaway business with stores, staff, members and every bundled plugin."""
    from tessera.demo import run_demo
    from tessera.kernel.logs import set_up_logging

    set_up_logging(level=30)
    with one_sentence():
        run_demo(host, port, fresh=fresh)


def main() -> None:
    """Run the command line."""
    tessera()


__all__ = ["main", "run_in_instance", "tessera"]
