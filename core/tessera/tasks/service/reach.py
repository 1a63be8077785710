"""Which tasks are whose: those for their roles in their stores, and those for themselves.

A task about a member whom a person may not see is there only for the one whom it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tessera.access.actor import Actor
from tessera.kernel.database import fetch
from tessera.members.service import in_scope, members_seen

OVERSEERS = ("owner", "manager")
"""Roles that see every task of the stores in which they are held."""

_EVERYTHING = "TRUE"


async def reach(someone: Actor) -> tuple[Callable[[int], str], list[Any]]:
    """A condition over ``task t`` that is true for the tasks of a person, and the values it needs.

    The first answer takes the number of the first placeholder. API keys and Tessera itself see the
    tasks of their stores, whatever the role.
    """
    if someone.kind != "staff":
        return _of_stores(someone)
    held = await fetch("SELECT role, store FROM staff_role WHERE staff = $1", someone.staff_id)
    if any(row["role"] in OVERSEERS and row["store"] is None for row in held):
        return (lambda _: _EVERYTHING), []
    roles, stores = [row["role"] for row in held], [row["store"] for row in held]

    def allowed(first: int) -> str:
        mine, role, store = f"${first}::uuid", f"${first + 1}::varchar[]", f"${first + 2}::uuid[]"
        overseers = ", ".join(f"'{name}'" for name in OVERSEERS)
        return (
            f"(t.staff = {mine} OR (EXISTS ("
            f"SELECT 1 FROM unnest({role}, {store}) AS held(role, store) "
            f"WHERE (t.staff IS NULL AND (t.role IS NULL OR held.role = t.role) OR held.role IN ({overseers})) "
            f"AND (t.store IS NULL OR held.store IS NULL OR held.store = t.store)) "
            f"AND (t.member IS NULL OR {in_scope('t.member', first + 3)})))"
        )

    return allowed, [someone.staff_id, roles, stores, members_seen()]


def _of_stores(someone: Actor) -> tuple[Callable[[int], str], list[Any]]:
    if someone.stores is None:
        return (lambda _: _EVERYTHING), []
    return (lambda first: f"(t.store = ANY (${first}::uuid[]))"), [list(someone.stores)]
