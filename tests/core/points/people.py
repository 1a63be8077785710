"""Members with accounts, and what they buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import execute
from tessera.kernel.ids import uuid7
from tessera.points import service
from tessera_hooks import Award

START = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    """A member with an account."""

    member: UUID
    account: UUID


async def new_holder(name: str = "Ana") -> Holder:
    """A member and an account, without anything that the ledger does not need."""
    holder, now = Holder(uuid7(), uuid7()), clock.now()
    await execute(
        "INSERT INTO member (id, number, name, name_key, stage, created_at, updated_at, version) "
        "VALUES ($1, $2, $3, $4, 'new', $5, $5, 1)",
        holder.member,
        holder.member.hex[-12:],
        name,
        name.lower(),
        now,
    )
    await execute(
        "INSERT INTO account (id, member, created_at) VALUES ($1, $2, $3)", holder.account, holder.member, now
    )
    return holder


async def earn_for(holder: Holder, yuan: int, at: datetime | None = None, purchase: UUID | None = None) -> UUID:
    """Let a member earn for a purchase of so many yuan; answers the purchase."""
    bought = purchase or uuid7()
    award = Award(holder.member, None, None, "purchase", at or clock.now(), "CNY", yuan * 100)
    await service.earn(service.Earning(holder.account, award, bought))
    return bought
