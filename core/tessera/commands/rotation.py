"""``tessera key rotate``: a new data key while everyone works, and an end to the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from tessera.cli_support import run_in_instance, say
from tessera.commands.backup import key

if TYPE_CHECKING:
    from tessera.start import Opened


@key.command("rotate")
@click.option("--again", is_flag=True, help="No new key: only seal anew what is still under an older one.")
@click.option("--retire", is_flag=True, help="Drop the older keys, once nothing is sealed under them any more.")
def rotate(again: bool, retire: bool) -> None:
    """Make a new data key, and seal everything anew under it in the background."""
    if again and retire:
        raise click.UsageError("choose --again or --retire")
    if retire:
        _retire()
        return

    async def work(opened: Opened) -> tuple[int, int]:
        from tessera.access.service.retiring import rotate_key
        from tessera.access.service.rotation import begin_resealing, count_old

        version = await rotate_key(opened.instance.key_file, fresh=not again)
        await begin_resealing()
        return version, await count_old()

    version, left = run_in_instance(work)
    say(f"data key {version} seals from now on; the worker seals {left} values anew, as Settings, System shows")
    say("Export the keys again: `tessera key export FILE`. Another machine of this instance needs the key file now.")


def _retire() -> None:
    async def work(opened: Opened) -> list[int]:
        from tessera.access.service.retiring import retire_keys

        return await retire_keys(opened.instance.key_file)

    dropped = run_in_instance(work)
    say(f"dropped data key {', '.join(map(str, dropped))}: backups from before need the keys that were exported")


commands: list[click.Command] = []
