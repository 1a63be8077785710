"""Work that is due is a row of its domain: claimed with a lease, so that a killed worker's rows come back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tessera.kernel import clock
from tessera.kernel.database import fetch

_TABLE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?\Z")


async def claim(table: str, *, limit: int, lease: timedelta, where: str = "TRUE") -> list[Any]:
    """Take up to ``limit`` due rows for the length of ``lease`` and answer them whole.

    ``table`` has ``id``, ``due_at``, ``lease_until`` and ``attempts``. Rows that another process holds
    are passed over without waiting; those whose lease ran out are due again. ``where`` narrows what is
    due and is a constant of the caller, never input.
    """
    if not _TABLE.match(table):
        raise ValueError(f'"{table}" is no table name')
    moment = clock.now()
    return await fetch(
        f"UPDATE {table} SET lease_until = $2 WHERE id IN ("
        f"SELECT id FROM {table} WHERE due_at <= $1 AND (lease_until IS NULL OR lease_until < $1) AND ({where}) "
        f"ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING *",
        moment,
        moment + lease,
        limit,
    )
