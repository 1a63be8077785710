"""A day at the till of the demonstration: a shift that was counted, and one that has just begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from tessera.access import service as access
from tessera.access.actor import acting_as
from tessera.access.service.acting import staff_actor
from tessera.kernel import clock
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPayment, NewPurchase
from tessera.purchases.service.shifts import end_shift, open_shift
from tessera.purchases.service.takings import move_cash

SOLD = (("water", "Water", 500, "cash"), ("towel", "Towel", 4900, "wechat"), ("class", "Spin class", 8800, "card"))
"""What is sold in the shift, and how it is paid."""

FLOAT = 50000


@contextmanager
def _later(hours: float) -> Iterator[None]:
    """So many hours after the shift of yesterday began."""
    with clock.frozen(clock.now() - timedelta(hours=30 - hours)):
        yield


async def shifts_of(login: str, store: UUID, joined: list[UUID]) -> None:
    """Yesterday's shift of a cashier, ten yuan short, and that of today's, which is open."""
    person = next(one for one in await access.list_staff() if one.login == login)
    someone = await staff_actor(person.id, store)
    if someone is None:
        raise AssertionError("the cashier of the demonstration works in its first store")
    with acting_as(someone):
        with _later(0):
            opened = await open_shift(FLOAT)
        for number, (sku, name, price, method) in enumerate(SOLD):
            with _later(number + 1):
                await _sell(joined[number], number, NewLine(sku=sku, name=name, amount=price), method)
        with _later(5):
            await move_cash(-20000, "to the bank", store=store)
        with _later(8):
            counted = {"cash": FLOAT + 500 - 20000 - 1000, "wechat": 4900, "card": 8800}
            await end_shift(opened, counted, note="change was short")
        await open_shift(FLOAT)


async def _sell(member: UUID, number: int, line: NewLine, method: str) -> None:
    amount = line.amount or 0
    await purchases.record_purchase(
        NewPurchase(
            external_id=f"T{number:05}",
            source="till",
            buyer=Buyer(id=member),
            amount=amount,
            lines=[line],
            payments=[NewPayment(method, amount)],
        )
    )
