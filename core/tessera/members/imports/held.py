"""Members of a chunk, held still while something is booked for them: who they are today, with accounts and stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.kernel.database import fetch
from tessera.members.service import hold_all

_ACCOUNTS = "SELECT member, id FROM account WHERE member = ANY($1) ORDER BY member, merge IS NOT NULL, id"

_STORES = "SELECT id, store FROM member WHERE id = ANY($1)"


@dataclass(frozen=True)
class HeldMembers:
    """Members by the ids that rows name, ``today`` being who each of them is after merges.

    ``accounts`` and ``stores`` are by today's id; the first account of each is the one to book on.
    """

    today: Mapping[UUID, UUID]
    accounts: Mapping[UUID, Sequence[UUID]]
    stores: Mapping[UUID, UUID | None]

    @property
    def owners(self) -> dict[UUID, UUID]:
        """The member of each account."""
        return {account: member for member, theirs in self.accounts.items() for account in theirs}


async def hold_members(wanted: Iterable[UUID]) -> HeldMembers:
    """Hold members until the unit of work ends, and read their accounts and home stores."""
    today = await hold_all(wanted)
    ids = sorted(set(today.values()))
    accounts: dict[UUID, list[UUID]] = {}
    for row in await fetch(_ACCOUNTS, ids):
        accounts.setdefault(row["member"], []).append(row["id"])
    stores = {row["id"]: row["store"] for row in await fetch(_STORES, ids)}
    return HeldMembers(today, accounts, stores)
