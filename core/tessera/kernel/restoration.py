"""Restoring a backup: beside the present database first, then put in its place in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from psycopg.conninfo import conninfo_to_dict

from tessera.kernel import clock
from tessera.kernel.backup import BackupManifest, connect_to, counts, data_key_fingerprints, tool, unpacked
from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import Keys
from tessera.kernel.migrations.found import CORE, Found

RESTORING = "restoring"

Prepare = Callable[[asyncpg.Connection], Awaitable[None]]


@dataclass(frozen=True)
class Restoration:
    """What is in place now; ``kept`` names the database that was there before, where it held anything."""

    manifest: BackupManifest
    kept: str | None


async def restore_backup(
    path: Path,
    url: str,
    keys: Keys,
    found: Sequence[Found],
    *,
    scratch: Path,
    replace: bool = False,
    prepare: Prepare | None = None,
) -> Restoration:
    """Put a backup in the place of the database at ``url``, which nobody else may be using.

    Refused without the keys it was made with, where this code is older than it, and where the present
    database holds members unless ``replace``, which keeps that database under another name. The dump
    goes into a database of its own, is compared with what the backup says, and takes the other's place
    in one transaction, so whoever is interrupted still has what was there. ``prepare`` may change the
    restored database before it is put in place. ``scratch`` has room for the dump.
    """
    with unpacked(path, scratch) as (manifest, dump):
        _refuse_other_keys(manifest, keys)
        _refuse_newer_backup(manifest, found)
        name = str(conninfo_to_dict(url)["dbname"])
        used = await _refuse_members(url, name, replace=replace)
        fresh = f"{name}_{RESTORING}"
        server = await connect_to(url, "postgres")
        try:
            await _refuse_others(server, name)
            await _fresh_database(server, fresh)
            await asyncio.to_thread(_load, dump, url, fresh)
            await _verify(url, fresh, manifest, prepare)
            kept = f"{name}_before_{clock.now():%Y%m%d_%H%M%S}"
            await _swap(server, name, fresh, kept)
            if not used:
                await server.execute(f'DROP DATABASE "{kept}"')
        finally:
            await server.close()
    return Restoration(manifest, kept if used else None)


def _refuse_other_keys(manifest: BackupManifest, keys: Keys) -> None:
    present = data_key_fingerprints(keys)
    same = manifest.index_key == keys.index_fingerprint()
    if not same or any(present.get(version) != mark for version, mark in manifest.data_keys.items()):
        raise CannotRun(
            f'this backup of "{manifest.business}" was made with other keys than this instance has: bring them with '
            "`tessera key import FILE`, or put that instance's keys.json in the place of this one's"
        )


def _refuse_newer_backup(manifest: BackupManifest, found: Sequence[Found]) -> None:
    for one in found:
        unknown = sorted(set(manifest.migrations.get(one.plugin, [])) - {m.id for m in one.migrations})
        if unknown:
            whose = "Tessera" if one.plugin == CORE else f'the plugin "{one.plugin}"'
            raise CannotRun(
                f"the backup was made with a newer version of {whose} than this one (it has migration {unknown[-1]}): "
                "install that version first"
            )


async def _refuse_members(url: str, name: str, *, replace: bool) -> bool:
    """Whether the present database holds anything of members; refused unless it may be replaced."""
    connection = await connect_to(url)
    try:
        if await connection.fetchval("SELECT to_regclass('public.event')") is None:
            return False
        used: bool = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM event WHERE member IS NOT NULL)")
        business = await connection.fetchval("SELECT name FROM business")
    finally:
        await connection.close()
    if used and not replace:
        raise CannotRun(
            f'the database "{name}" holds the members of "{business}": restore into a new instance (`tessera init`), '
            "or add --replace, which keeps the present database under another name"
        )
    return used


async def _refuse_others(server: asyncpg.Connection, name: str) -> None:
    others = await server.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'", name
    )
    if others:
        raise CannotRun(
            f'{others} connections are using the database "{name}": stop `tessera run` and `tessera worker` first'
        )


async def _fresh_database(server: asyncpg.Connection, fresh: str) -> None:
    """An empty database for the dump; what an interrupted restore left is thrown away."""
    try:
        await server.execute(f'DROP DATABASE IF EXISTS "{fresh}" WITH (FORCE)')
        await server.execute(f"CREATE DATABASE \"{fresh}\" TEMPLATE template0 ENCODING 'UTF8'")
    except asyncpg.InsufficientPrivilegeError:
        raise CannotRun(
            "the user of [database] url may not create databases, which a restore needs: "
            "run ALTER ROLE … CREATEDB as an administrator of the server"
        ) from None


def _load(dump: Path, url: str, fresh: str) -> None:
    tool("pg_restore", ["--exit-on-error", "--no-owner", "--no-privileges", "--jobs=2", str(dump)], url, fresh)


async def _verify(url: str, fresh: str, manifest: BackupManifest, prepare: Prepare | None) -> None:
    connection = await connect_to(url, fresh)
    try:
        present = await counts(connection)
        wrong = sorted(t for t in {*present, *manifest.counts} if present.get(t) != manifest.counts.get(t))
        if wrong:
            raise CannotRun(
                f"{wrong[0]} holds {present.get(wrong[0])} rows after the restore and {manifest.counts.get(wrong[0])} "
                "in the backup: nothing was put in place, try again or take another backup"
            )
        rows = await connection.fetch("SELECT plugin, id FROM migration")
        if {(r["plugin"], r["id"]) for r in rows} != {(p, i) for p, ids in manifest.migrations.items() for i in ids}:
            raise CannotRun("the restored schema is not the backup's: nothing was put in place, take another backup")
        await _number_waiting_events(connection)
        if prepare is not None:
            await prepare(connection)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _number_waiting_events(connection: asyncpg.Connection) -> None:
    """Give the events that had no place yet theirs, and free the dispatcher.

    They are ordered by the transaction ids of the server that the backup was made on. Another server
    counts its own, which may never reach those, so the dispatcher would wait for ever.
    """
    async with connection.transaction():
        await connection.execute(
            "UPDATE event SET position = dispatcher.position + waiting.place FROM dispatcher, "
            "(SELECT id, row_number() OVER (ORDER BY txid, id) AS place FROM event WHERE position IS NULL) AS waiting "
            "WHERE event.id = waiting.id"
        )
        await connection.execute(
            "UPDATE dispatcher SET holder = '', lease_until = NULL, "
            "position = greatest(position, (SELECT coalesce(max(position), 0) FROM event))"
        )


async def _swap(server: asyncpg.Connection, name: str, fresh: str, kept: str) -> None:
    try:
        async with server.transaction():
            await server.execute(f'ALTER DATABASE "{name}" RENAME TO "{kept}"')
            await server.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')
    except asyncpg.ObjectInUseError:
        raise CannotRun(
            f'the database "{name}" is in use: stop `tessera run` and `tessera worker`, then restore again'
        ) from None
