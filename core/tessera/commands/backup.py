"""``tessera backup``, ``restore`` and ``key``: keeping a business, and the keys that no backup holds."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from tessera.cli_support import instance_folder, one_sentence, say
from tessera.commands.mending import run_mending
from tessera.kernel.errors import CannotRun

if TYPE_CHECKING:
    from tessera.kernel.backup import BackupManifest
    from tessera.kernel.instance import Instance
    from tessera.kernel.plugins.survey import Surveyed
    from tessera.kernel.restoration import Restoration

FILE = click.Path(dir_okay=False, path_type=Path)

SHORTEST = 12
"""Characters of a passphrase that is chosen: whoever has the file can guess as long as they like."""


@click.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write the database and its files to one new file; never the keys. Nobody need stop working."""
    from tessera.kernel.instance import open_instance

    async def work(instance: Instance) -> BackupManifest:
        from tessera.kernel.backup import back_up

        async with _database_url(instance) as url:
            return await back_up(file, url, instance.keys)

    with one_sentence():
        manifest = asyncio.run(work(open_instance(instance_folder())))
    rows = sum(manifest.counts.values())
    say(f'{file} holds "{manifest.business}": {rows} rows, {file.stat().st_size // 1024 + 1} kB')
    say("The keys are not in it: `tessera key export FILE` keeps them under a passphrase.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Keep the present database under another name and put this in its place.")
def restore(file: Path, replace: bool) -> None:
    """Put a backup into this instance, which must have the keys that it was made with.

    Messages are off afterwards: what was due when the backup was made may have been sent since.
    """
    from tessera.kernel.instance import open_instance

    async def work(instance: Instance) -> Restoration:
        from tessera import domains
        from tessera.kernel.plugins.survey import survey
        from tessera.kernel.restoration import restore_backup
        from tessera.start import migrations_of

        found = migrations_of(survey(instance.plugins_folder, domains.DOMAINS, domains.derivations()).host)
        async with _database_url(instance) as url:
            return await restore_backup(
                file, url, instance.keys, found, scratch=instance.data, replace=replace, prepare=_silence
            )

    with one_sentence():
        restored = asyncio.run(work(open_instance(instance_folder())))
    manifest = restored.manifest
    say(
        f'"{manifest.business}" of {manifest.taken_at[:19]} is in place, {sum(manifest.counts.values())} rows verified.'
    )
    if restored.kept:
        say(f'What was there before is kept in the database "{restored.kept}".')
    say("Messages are off: look at those that are due, then switch them on. Now run `tessera migrate`.")


async def _silence(connection: Any) -> None:
    """Switch messages off: a restored business does not know what was sent after its backup."""
    await connection.execute(
        "UPDATE setting SET value = '\"off\"' WHERE key = 'messaging.mode' OR starts_with(key, 'messaging.mode.')"
    )


@asynccontextmanager
async def _database_url(instance: Instance) -> AsyncIterator[str]:
    """The address of the instance's database, with the embedded server running for the block."""
    from tessera.kernel import embedded

    if instance.settings.database.url:
        yield instance.settings.database.url
        return
    server = await asyncio.to_thread(embedded.acquire, instance.data, on_wait=say)
    try:
        yield server.dsn()
    finally:
        await asyncio.to_thread(server.release)


@click.group()
def key() -> None:
    """The instance's keys, without which sealed values cannot be read."""


@key.command("export")
@click.argument("file", type=FILE)
def export(file: Path) -> None:
    """Write the keys under a passphrase to a new file; it is asked for twice, or read from TESSERA_PASSPHRASE."""
    from tessera.kernel.instance import open_instance
    from tessera.kernel.keys import export_keys

    with one_sentence():
        instance = open_instance(instance_folder())
        keys = instance.keys
        if file.exists():
            raise CannotRun(f"{file} is there already: choose another file")
        _write_private(file, export_keys(keys, _passphrase(twice=True)))
    say(f"{file} holds the keys. Keep it, and the passphrase, apart from the backups.")

    async def note(_: Instance, __: Surveyed) -> None:
        from tessera.kernel import witness
        from tessera.kernel.business import set_setting
        from tessera.kernel.doctor import EXPORTED, EXPORTED_NEWEST

        await set_setting(EXPORTED, keys.fingerprint())
        await set_setting(EXPORTED_NEWEST, keys.newest_fingerprint())
        await witness.changed("keys.exported", version=keys.newest)

    run_mending(note)


@key.command("import")
@click.argument("file", type=FILE)
def import_(file: Path) -> None:
    """Put exported keys in the place of the instance's; the present ones are kept beside them."""
    from tessera.kernel.instance import open_instance
    from tessera.kernel.keys import import_keys, write_keys

    with one_sentence():
        instance = open_instance(instance_folder())
        target = instance.key_file
        keys = import_keys(file.read_bytes(), _passphrase(twice=False))
        if target.exists():
            if instance.keys == keys:
                say("these are the keys that the instance has already")
                return
            kept = target.with_name(f"keys-before-{instance.keys.fingerprint()[:8]}.json")
            target.rename(kept)
            say(f"the keys that were there are kept in {kept}")
        write_keys(target, keys)
    say(f"{target} holds the keys now")


def _passphrase(*, twice: bool) -> str:
    given = os.environ.get("TESSERA_PASSPHRASE")
    if given is None:
        if not sys.stdin.isatty():
            raise CannotRun("there is nobody to ask for the passphrase: give it in TESSERA_PASSPHRASE")
        given = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))
    if twice and len(given) < SHORTEST:
        raise CannotRun(f"the passphrase is too short: use at least {SHORTEST} characters, e.g. four words")
    return given


def _write_private(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


commands: list[click.Command] = [backup, restore, key]
