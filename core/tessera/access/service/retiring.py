"""Making a new data key, and dropping an old one when nothing can need it any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tessera.access import audit, sealing
from tessera.access.service.rotation import count_by_version
from tessera.kernel import clock
from tessera.kernel.business import set_setting, setting
from tessera.kernel.database import fetchval
from tessera.kernel.doctor import EXPORTED, EXPORTED_NEWEST
from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import add_data_key, drop_data_keys, read_keys

NOTICED = timedelta(seconds=30)
"""After so long every process that seals has met the new key, which it looks for each second."""


async def rotate_key(file: Path, *, fresh: bool = True) -> int:
    """Add a data key to the key file, unless ``fresh`` is off, use it here at once, and answer its version."""
    keys = add_data_key(file) if fresh else read_keys(file)
    sealing.use_keys(keys, file)
    if fresh:
        await audit.note("keys.rotated", version=keys.newest)
    return keys.newest


async def retire_keys(file: Path) -> list[int]:
    """Drop every data key but the newest, and answer which; refuses while any of them may be needed.

    That is: while a value is sealed under one, while a process or a transaction may still write one, and
    before all keys were exported together, which backups from before need.
    """
    keys = read_keys(file)
    old = sorted(version for version in keys.data_keys if version != keys.newest)
    if not old:
        raise CannotRun(f"there is one data key, {keys.newest}: `tessera key rotate` makes another")
    if setting(EXPORTED) != keys.fingerprint():
        raise CannotRun("backups from before need the old keys too: run `tessera key export FILE` first")
    await _refuse_late_writers(file)
    left = {version: n for version, n in (await count_by_version()).items() if version != keys.newest}
    if left:
        named = ", ".join(f"{n} under data key {version}" for version, n in sorted(left.items()))
        raise CannotRun(
            f"values are still sealed before: {named}; wait for the worker, or `tessera key rotate --again`"
        )
    fresh = drop_data_keys(file, old)
    sealing.use_keys(fresh, file)
    await set_setting(EXPORTED_NEWEST, fresh.newest_fingerprint())
    await audit.note("keys.retired", rows=len(old), newest=fresh.newest)
    return old


async def _refuse_late_writers(file: Path) -> None:
    """Refuse while something runs that may have taken the old key before it knew the new one."""
    known = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC) + NOTICED
    if clock.now() < known:
        raise CannotRun(f"the newest key is younger than {NOTICED.seconds} s: try again in a moment")
    running = await fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' AND xact_start < $1",
        known,
    )
    if running:
        raise CannotRun("a transaction from before the newest key is still running: try again when it has ended")
