"""Packs as rows, with what the ledger has left of them: the one place that knows their columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.plugin import fetch, now
from tessera_wallet import units
from tessera_wallet.lots import left_of_all
from tessera_wallet.packs.validity import unused_bought


class PackFacts(msgspec.Struct, frozen=True):
    """A row of ``pack`` with its kind by code and title; ``left`` is what can be used now."""

    id: UUID
    member: UUID
    payer: UUID | None
    product: UUID | None
    title: str
    bought: int
    gifted: int
    price: int
    currency: str
    payments: list[dict[str, Any]]
    validity: str
    validity_n: int
    validity_from: str
    stores: list[str] | None
    shareable: bool
    first_used_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    refunded: int
    reference: str
    store: UUID | None
    staff: UUID | None
    at: datetime
    origin: str
    batch: UUID | None
    kind: str
    kind_title: str
    left: int = 0

    @property
    def unit(self) -> str:
        """The unit of the ledger that counts its sessions."""
        return units.sessions(self.kind)

    @property
    def held(self) -> int:
        """How many sessions it held in all."""
        return self.bought + self.gifted

    @property
    def unused_bought(self) -> int:
        """How many of the bought sessions are unused."""
        return unused_bought(self.bought, self.gifted, self.left)

    @property
    def waits_for_first_use(self) -> bool:
        """Whether its validity begins with a first use that has not been."""
        return self.validity != "never" and self.validity_from == "first_use" and self.first_used_at is None

    def state(self) -> str:
        """``open``, ``used``, ``expired`` or ``ended``: given back."""
        if self.ended_at is not None:
            return "ended"
        if self.expires_at is not None and self.expires_at <= now():
            return "expired"
        return "open" if self.left else "used"


OWN = [name for name in PackFacts.__struct_fields__ if name not in ("kind", "kind_title", "left")]
"""The columns of ``pack`` that are its own; the kind is a key."""

SELECT = f"""
SELECT {", ".join(f"p.{name}" for name in OWN)}, k.code AS kind, k.title AS kind_title
FROM wallet.pack p JOIN wallet.session_kind k ON k.id = p.kind
"""

INSERT = f"""
INSERT INTO wallet.pack ({", ".join(OWN)}, kind)
SELECT {", ".join(f"${n + 1}" for n in range(len(OWN)))}, id FROM wallet.session_kind WHERE code = ${len(OWN) + 1}
"""


async def packs_by(condition: str, *args: Any) -> list[PackFacts]:
    """Packs by a condition over ``p``, with what is left of each."""
    found = [PackFacts(**dict(row)) for row in await fetch(f"{SELECT} {condition}", *args)]
    left = await left_of_all([(pack.id, pack.unit) for pack in found])
    return [msgspec.structs.replace(pack, left=left[pack.id].spendable) for pack in found]


def in_order(packs: list[PackFacts]) -> list[PackFacts]:
    """The order in which packs are used: nearest expiry first, then oldest, those without an end last."""
    return sorted(packs, key=lambda p: (p.expires_at is None, p.expires_at or p.at, p.at, p.id))
