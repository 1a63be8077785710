"""What a purchase and a return consist of before they are recorded, and the refusals."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.kernel.errors import Conflict, NotFound


class PurchaseConflict(Conflict):
    """The source's number is known with other contents."""

    code = "purchase_conflict"


class ReturnConflict(Conflict):
    """The source's number of a return is known with other contents."""

    code = "return_conflict"


class OverReturned(Conflict):
    """More would come back than was bought."""

    code = "over_returned"


class PurchaseUnknown(NotFound):
    """There is no such purchase in the actor's stores."""

    code = "purchase_unknown"


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Someone's part in a line; shares are weights."""

    login: str
    share: Decimal = Decimal(1)


class NewLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a receipt; ``amount`` in minor units, computed from quantity and price where it is left out."""

    sku: str | None = None
    name: str | None = None
    category: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    amount: int | None = None
    staff: Sequence[Share] = ()


class NewPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of what was paid; ``amount`` in minor units."""

    method: str
    amount: int


@dataclass(frozen=True)
class Buyer:
    """Who bought: a member's id, or an identity; nothing for nobody that is known."""

    id: UUID | None = None
    identity: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewPurchase:
    """A purchase as a till reports it; ``store`` and ``staff`` by code and login."""

    external_id: str
    source: str
    buyer: Buyer = Buyer()
    unknown_member: Literal["keep", "create", "refuse"] = "keep"
    store: str | None = None
    staff: str | None = None
    at: datetime | None = None
    currency: str | None = None
    amount: int
    discount: int = 0
    lines: Sequence[NewLine] = ()
    payments: Sequence[NewPayment] = ()

    @property
    def fingerprint(self) -> bytes:
        """Equal for equal contents, however numbers and moments are written."""
        return fingerprint(self)


@dataclass(frozen=True)
class LineBack:
    """A quantity of a line that comes back."""

    line: UUID
    quantity: Decimal


@dataclass(frozen=True, kw_only=True)
class NewReturn:
    """A return as a till reports it: of a purchase by id or number, or of neither; whole where nothing is said."""

    external_id: str
    source: str
    purchase: UUID | None = None
    purchase_external_id: str | None = None
    store: str | None = None
    at: datetime | None = None
    currency: str | None = None
    lines: Sequence[LineBack] = ()
    amount: int | None = None

    @property
    def fingerprint(self) -> bytes:
        """Equal for equal contents, however numbers and moments are written."""
        return fingerprint(self)


def fingerprint(contents: Any) -> bytes:
    """SHA-256 over the contents in one normal form."""
    return hashlib.sha256(msgspec.json.encode(_normal(contents))).digest()


def _normal(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value.normalize(), "f")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case list() | tuple():
            return [_normal(part) for part in value]
        case dict():
            return {key: _normal(part) for key, part in value.items()}
        case None | str() | int() | UUID() | bytes():
            return value
        case msgspec.Struct():
            return {name: _normal(getattr(value, name)) for name in value.__struct_fields__}
        case _:
            return {name: _normal(getattr(value, name)) for name in value.__dataclass_fields__}


@dataclass(frozen=True)
class PointsMoved:
    """What a purchase or a return did to a member's points."""

    earned: int = 0
    taken_back: int = 0
    available: int | None = None
    debt: int = 0


@dataclass(frozen=True)
class Recorded:
    """A purchase that is recorded; ``again`` where it was before."""

    id: UUID
    lines: Sequence[UUID]
    member: UUID | None
    amount: int
    currency: str
    points: PointsMoved
    again: bool = False


@dataclass(frozen=True)
class RecordedReturn:
    """A return that is recorded; ``purchase`` is ``None`` for an orphan."""

    id: UUID
    purchase: UUID | None
    amount: int
    points: PointsMoved
    again: bool = False
