"""The values of the business's own fields: copied to the survivor where the other's are taken, and taken off again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.members.service.merging.fields import CUSTOM, Side, custom_plain, custom_stored

_VALUES = """
SELECT c.member, f.id AS field, f.code, c.value, c.sealed, c.lookup FROM member_custom c
JOIN custom_field f ON f.id = c.field WHERE c.member = ANY($1) ORDER BY f.place, f.code
"""

_COPY = """
INSERT INTO member_custom (member, field, value, sealed, lookup, batch)
SELECT $1, field, value, sealed, lookup, batch FROM member_custom WHERE member = $2 AND field = $3
ON CONFLICT (member, field) DO UPDATE SET
value = excluded.value, sealed = excluded.sealed, lookup = excluded.lookup, batch = excluded.batch
"""

_PUT = """
INSERT INTO member_custom (member, field, value, sealed, lookup) SELECT $1, f.id, $3::jsonb, $4, $5
FROM custom_field f WHERE f.id = $2 ON CONFLICT (member, field) DO UPDATE SET
value = excluded.value, sealed = excluded.sealed, lookup = excluded.lookup
"""


async def custom_values(*members: UUID) -> dict[UUID, dict[str, Any]]:
    """The rows of members' own fields by code."""
    found: dict[UUID, dict[str, Any]] = {member: {} for member in members}
    for row in await fetch(_VALUES, list(members)):
        found[row["member"]][row["code"]] = row
    return found


async def take_custom(
    survivor: UUID, other: UUID, choices: Mapping[str, Side]
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Give the survivor those values of the other that were chosen, or that it has none of.

    Answers by field what was there and what is there now, and the codes.
    """
    both = await custom_values(survivor, other)
    was, now, codes = {}, {}, []
    for code, row in both[other].items():
        mine = both[survivor].get(code)
        side = choices.get(f"{CUSTOM}{code}", "other" if mine is None else "survivor")
        if side == "other" and custom_plain(mine) != custom_plain(row):
            was[str(row["field"])], now[str(row["field"])] = custom_plain(mine), custom_plain(row)
            await execute(_COPY, survivor, other, row["field"])
            codes.append(code)
    return was, now, codes


async def give_back_custom(survivor: UUID, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Put values back that nobody changed since; answers the codes of those that stay."""
    present = {str(row["field"]): row for row in (await custom_values(survivor))[survivor].values()}
    stay = []
    for field, value in now.items():
        row = present.get(field)
        if custom_plain(row) != value:
            if row is not None:
                stay.append(str(row["code"]))
            continue
        before = was[field]
        if before is None:
            await execute("DELETE FROM member_custom WHERE member = $1 AND field = $2", survivor, UUID(field))
        else:
            await execute(_PUT, survivor, UUID(field), *custom_stored(before))
    return stay
