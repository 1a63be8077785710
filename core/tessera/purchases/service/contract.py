"""What a purchase and a return consist of before they are recorded, and the refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.access import sealing
from tessera.kernel.errors import Conflict, NotFound
from tessera_hooks import Claim, Tender, Text, _


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


SINCE = {"since": "claims"}
"""Marks a field that came later: left out of the fingerprint where it says nothing, so that old ones still hold."""


class PurchaseHasMember(Conflict):
    """A purchase that someone claims is a member's already."""

    code = "purchase_has_member"


class ClaimTooLate(Conflict):
    """A purchase that someone claims is too old; ``days`` says how long it could be."""

    code = "claim_too_late"


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
    """A purchase as a till reports it; ``store`` and ``staff`` by code and login.

    ``redeem`` says how many ``points`` pay a part of it; ``claims`` are what the customer holds out to be used up.
    """

    external_id: str = ""
    source: str = ""
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
    redeem: Mapping[str, int] = field(default_factory=dict, metadata=SINCE)
    claims: Sequence[Claim] = field(default=(), metadata=SINCE)

    @property
    def points(self) -> int:
        """How many points pay a part of it."""
        return self.redeem.get("points", 0)

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
    """A return as a till reports it: of a purchase by id or number, or of neither; whole where nothing is said.

    ``refunds`` says by which methods the money goes back; without it, as it was paid.
    """

    external_id: str
    source: str
    purchase: UUID | None = None
    purchase_external_id: str | None = None
    store: str | None = None
    at: datetime | None = None
    currency: str | None = None
    lines: Sequence[LineBack] = ()
    amount: int | None = None
    refunds: Sequence[NewPayment] = field(default=(), metadata=SINCE)

    @property
    def fingerprint(self) -> bytes:
        """Equal for equal contents, however numbers and moments are written."""
        return fingerprint(self)


def fingerprint(contents: Any) -> bytes:
    """A keyed hash of the contents in one normal form: a phone among them cannot be tried out by who reads the rows."""
    return sealing.stamp("contents", normal_form(contents))


def normal_form(contents: Any) -> bytes:
    """The contents, written in the same way however they came."""
    return msgspec.json.encode(_normal(contents))


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
            return {one.name: _normal(getattr(value, one.name)) for one in fields(value) if _speaks(value, one)}


def _speaks(value: Any, one: Field[Any]) -> bool:
    return "since" not in one.metadata or bool(getattr(value, one.name))


def of_another_store(new: NewPurchase | NewReturn) -> Text:
    """Why a number is refused under which another store has recorded something."""
    return _(
        'number "{number}" of {source} is one of another store: let the tills of each store name a source of their own',
        number=new.external_id,
        source=new.source,
    )


@dataclass(frozen=True)
class PointsMoved:
    """What a purchase or a return did to a member's points."""

    earned: int = 0
    redeemed: int = 0
    taken_back: int = 0
    restored: int = 0
    available: int | None = None
    debt: int = 0


@dataclass(frozen=True)
class TierMoved:
    """The tier that a member is in after something, and whether that changed it; ``None`` is where one begins."""

    code: str | None = None
    changed: bool = False


@dataclass(frozen=True)
class Recorded:
    """A purchase that is recorded; ``again`` where it was before.

    ``claim_code`` stands on the receipt of a sale without a member.
    """

    id: UUID
    lines: Sequence[UUID]
    member: UUID | None
    amount: int
    currency: str
    points: PointsMoved
    again: bool = False
    tier: TierMoved = TierMoved()
    claim_code: str | None = None


@dataclass(frozen=True)
class Claimed:
    """A purchase that was claimed; what had come back of it has earned nothing."""

    id: UUID
    member: UUID
    amount: int
    currency: str
    points: PointsMoved
    tier: TierMoved


@dataclass(frozen=True)
class RecordedReturn:
    """A return that is recorded; ``purchase`` is ``None`` for an orphan. ``refunds`` is what went back, by method."""

    id: UUID
    purchase: UUID | None
    amount: int
    points: PointsMoved
    again: bool = False
    refunds: Sequence[Tender] = ()
