"""Erasing a member: nothing is left by which the person could be found, and the books still add up."""

from __future__ import annotations

import subprocess
from uuid import UUID

import asyncpg
import pytest

from tessera.access import sealing
from tessera.kernel.database import DB, execute, fetch, fetchval, in_transaction
from tessera.members import service
from tessera.members.identities import identity
from tessera.members.service import MemberUnknown, NewMember, erasing
from tessera.points import service as points
from tessera.points.service.privacy import HoldsValue
from tessera.purchases import service as purchases
from tessera_hooks import Text

NAME, PHONE, EMAIL = "余红霞", "13988887761", "hongxia.yu@example.com"
RESIDENT, ADDRESS, NOTE = "11010519491231002X", "上海市徐汇区天钥桥路 59 号 803 室", "怕冷，不喝咖啡"


async def everything() -> bytes:
    """Every table of the database as text, one after another."""
    said = []
    for row in await fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    ):
        said += [str(line[0]).encode() for line in await fetch(f"SELECT t::text FROM {row['name']} t")]
    return b"\n".join(said)


@pytest.fixture
async def hongxia(store: UUID) -> UUID:
    return await service.create_member(
        NewMember(
            name=NAME,
            phone=PHONE,
            email=EMAIL,
            birthday="1988-05-24",
            address=ADDRESS,
            store=store,
            identities=[("resident_id", RESIDENT), ("card", "CARD-7788")],
            consents=[("marketing", "sms", "granted")],
            note=NOTE,
        )
    )


async def test_nothing_is_left_by_which_the_person_could_be_found(hongxia):
    lookups = [identity(kind, text).lookup.hex() for kind, text in
               (("phone", PHONE), ("email", EMAIL), ("resident_id", RESIDENT), ("card", "CARD-7788"))]  # fmt: skip
    seals = [row["sealed"].hex() for row in await fetch("SELECT sealed FROM identity WHERE member = $1", hongxia)]
    before = await everything()
    assert NAME.encode() in before
    assert all(found.encode() in before for found in [*lookups, *seals])
    await erasing.erase(hongxia)
    left = await everything()
    traces = [NAME, "yuhongxia", PHONE, PHONE[-4:] + ")", EMAIL, RESIDENT, ADDRESS, NOTE, "CARD-7788", *lookups, *seals]
    assert [trace for trace in traces if trace.encode() in left] == []
