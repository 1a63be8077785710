"""Invented records of the wallet for demonstrations, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera_hooks import SampleData
from tessera_wallet import ahead_samples
from tessera_wallet.coupons import samples as coupons
from tessera_wallet.memberships import samples as memberships


async def create(member_ids: Sequence[UUID]) -> None:
    """What members of an invented business hold."""
    await ahead_samples.create(member_ids)
    await memberships.create(member_ids)
    await coupons.create(member_ids)


SAMPLES = SampleData(create)
