"""What members own of a plugin's units is booked to zero with a reason, and the ledger still adds up."""

from __future__ import annotations

import pytest
from core.points.people import Holder

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.points import service
from tessera.points.ledger import Cause, Posting
from tessera.points.service.writing_off import write_off


async def give(holder: Holder, amount: int, unit: str) -> None:
    await service.credit(holder.account, holder.member, amount, reason="bought", unit=unit)


async def owe(holder: Holder, amount: int, unit: str) -> None:
    async def work() -> None:
        posting = await Posting.open([holder.account], unit)
        posting.debit(
            holder.account, "take_back", [], Cause(reason="returned", source="x", at=clock.now()), owed=amount
        )
        await posting.write()

    await in_transaction(work)


async def test_balances_of_the_plugins_units_become_zero(ana):
    await give(ana, 5, "pool.visit")
    await give(ana, 7, "pool.lane")
    assert await write_off("pool.", "the pool closed") == 2
    assert await fetch("SELECT 1 FROM balance WHERE balance <> 0 OR debt <> 0") == []


async def test_debts_are_written_off_too(ana):
    await owe(ana, 3, "pool.visit")
    await write_off("pool.", "the pool closed")
    assert await fetchval("SELECT debt FROM balance WHERE unit = 'pool.visit'") == 0


async def test_other_units_are_left_alone(ana):
    await give(ana, 5, "pools.visit")
    await give(ana, 7, "points")
    assert await write_off("pool.", "the pool closed") == 0


async def test_the_ledger_still_verifies_and_says_why(ana):
    await give(ana, 5, "pool.visit")
    await write_off("pool.", "the pool closed")
    reasons = [r["reason"] for r in await fetch("SELECT reason FROM entry ORDER BY seq")]
    assert (list(await service.verify()), reasons) == ([], ["bought", "the pool closed"])


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
async def test_a_reason_is_needed(ana, reason):
    with pytest.raises(Invalid, match="say the reason in at most 200 characters"):
        await write_off("pool.", reason)
