"""Returns as JSON."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody

from tessera.purchases import service


class ReturnLineIn(msgspec.Struct, forbid_unknown_fields=True):
    """A quantity of a line that comes back."""

    line: UUID
    quantity: Decimal


class ReturnIn(msgspec.Struct, forbid_unknown_fields=True):
    """A return: of lines, of an amount, or of all that is left; money goes back as it was paid, or by ``refunds``."""

    source: str
    external_id: str
    purchase: UUID | None = None
    purchase_external_id: str | None = None
    lines: list[ReturnLineIn] = []
    amount: int | None = None
    store: str | None = None
    at: datetime | None = None
    currency: str | None = None
    refunds: list[service.NewPayment] = []

    def as_new(self) -> service.NewReturn:
        """The return for the service."""
        given = {name: getattr(self, name) for name in self.__struct_fields__ if name != "lines"}
        return service.NewReturn(**given, lines=[service.LineBack(line.line, line.quantity) for line in self.lines])


class ReturnPoints(msgspec.Struct):
    """What a return did to points; ``available`` is ``null`` without a member."""

    taken_back: int
    restored: int
    available: int | None
    debt: int


class ReturnDone(msgspec.Struct):
    """A return that was recorded; ``purchase`` is ``null`` as long as that is not known. ``refunds`` by method."""

    id: UUID
    purchase: UUID | None
    amount: int
    points: ReturnPoints
    refunds: list[service.NewPayment]


@post("/returns", permission="purchases.write")
async def record_return(data: JSONBody[ReturnIn]) -> ReturnDone:
    """Record a return."""
    done = await service.record_return(data.as_new())
    moved = ReturnPoints(done.points.taken_back, done.points.restored, done.points.available, done.points.debt)
    refunds = [service.NewPayment(one.method, one.amount) for one in done.refunds]
    return ReturnDone(done.id, done.purchase, done.amount, moved, refunds)


handlers = [record_return]
