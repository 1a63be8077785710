"""What the business writes down under a code of its own: kinds of coupons, memberships for sale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from tessera.plugin import FieldError, Invalid, business, execute, fetch, fetchval, now, uuid7
from tessera_hooks import Text
from tessera_wallet.desk import wrong

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")


def checked_code(code: str, otherwise: Text) -> str:
    """A code as it is kept, of small letters, digits and dashes; refused with what is said otherwise."""
    kept = code.strip().lower()
    if not _CODE.match(kept):
        raise wrong("code", otherwise)
    return kept


def refuse_faults(faults: Iterable[tuple[str, Text]]) -> None:
    """Refuse values of which something is wrong, field by field; the first is the sentence of the whole."""
    errors = [FieldError(name, message) for name, message in faults]
    if errors:
        raise Invalid(errors[0].message, errors)


async def add(table: str, code: str, values: Mapping[str, Any]) -> UUID | None:
    """Write a row in the business's currency; answers its id, or nothing where the code is taken."""
    made = {"id": uuid7(), "code": code, "currency": business().currency, "created_at": now(), **values}
    places = ", ".join(f"${n}" for n in range(1, len(made) + 1))
    written: UUID | None = await fetchval(
        f"INSERT INTO wallet.{table} ({', '.join(made)}) VALUES ({places}) ON CONFLICT (code) DO NOTHING RETURNING id",
        *made.values(),
    )
    return written


async def change(table: str, id_: UUID, values: Mapping[str, Any]) -> None:
    """Write other values over those of a row."""
    sets = ", ".join(f"{column} = ${n}" for n, column in enumerate(values, start=2))
    await execute(f"UPDATE wallet.{table} SET {sets} WHERE id = $1", id_, *values.values())


async def codes_in(table: str) -> str:
    """The first twenty codes that there are, for the refusal of one that there is not."""
    known = await fetch(f"SELECT code FROM wallet.{table} ORDER BY code LIMIT 20")
    return ", ".join(row["code"] for row in known) or "–"
