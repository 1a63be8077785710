"""What takes part in a sale: baskets, what lowers their price, how they are paid, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera_hooks.texts import Text


@dataclass(frozen=True)
class AwardLine:
    """One line of a purchase; ``amount`` in minor units of its currency, ``place`` counts from 1."""

    sku: str | None
    category: str | None
    quantity: Decimal
    amount: int
    place: int = 0
    name: str | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class Award:
    """Points about to be earned: all that an answer may consider. ``at`` carries the store's zone."""

    member: UUID
    tier: str | None
    store: UUID | None
    reason: str
    at: datetime
    currency: str
    amount: int
    lines: Sequence[AwardLine] = ()


@dataclass(frozen=True)
class Claim:
    """Something that a customer holds out to be used once: ``Claim("wallet.coupon", "K7QM-…")``.

    ``kind`` begins with the plugin that settles it.
    """

    kind: str
    value: str


@dataclass(frozen=True)
class ClaimKind:
    """A kind of claim that a plugin settles, by its name without the plugin: ``coupon`` of ``wallet``.

    Tills ask for one under its ``title``, such as the code on a coupon.
    """

    name: str
    title: Text


@dataclass(frozen=True)
class Tender:
    """A part of what is paid, by its method: the business's own (``cash``) or a plugin's (``wallet.stored_value``)."""

    method: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Basket:
    """What someone is about to buy, before anything lowers its price; ``at`` carries the store's zone.

    ``amount`` is the sum of the lines, or all that is known of a sale without lines, in minor units.
    """

    member: UUID | None
    tier: str | None
    store: UUID | None
    at: datetime
    currency: str
    amount: int
    lines: Sequence[AwardLine] = ()
    claims: Sequence[Claim] = ()


@dataclass(frozen=True, kw_only=True)
class PriceCut:
    """Something that lowers the price of a basket by ``amount`` minor units.

    Without a ``claim`` it holds by itself (a tier's discount); with one it is used up by the sale, and only
    if the basket holds the claim out: otherwise it is an offer. ``lines`` says how much of it falls on which
    line, by place; the rest is spread over all. Cuts that stack add up; one that does not stands alone.
    Tessera takes what is best for the member, and never more than the basket. ``refused`` says why something
    that was claimed cannot be used.
    """

    kind: str
    title: Text
    amount: int
    claim: Claim | None = None
    stacks: bool = True
    lines: Mapping[int, int] = field(default_factory=dict)
    until: datetime | None = None
    refused: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Settling:
    """A purchase about to be settled, already written; amounts in minor units of ``currency``.

    ``amount`` is what is owed after ``discount``; ``tenders`` are the parts of it that are paid, points left out.
    """

    purchase: UUID
    member: UUID | None
    tier: str | None
    store: UUID | None
    staff: UUID | None
    at: datetime
    currency: str
    amount: int
    discount: int = 0
    lines: Sequence[AwardLine] = ()
    claims: Sequence[Claim] = ()
    tenders: Sequence[Tender] = ()


@dataclass(frozen=True)
class Settled:
    """What a plugin settled of a purchase: the claims that it used up, the methods whose money it took.

    ``not_earning`` is the part of the amount that earns nothing, because what paid for it has earned already.
    """

    claims: Sequence[Claim] = ()
    tenders: Sequence[str] = ()
    not_earning: int = 0


@dataclass(frozen=True, kw_only=True)
class Returning:
    """A return about to be settled, already written.

    ``share`` is how much of the purchase has come back in all, this return included (0 to 1), ``whole`` whether
    that is everything. ``refunds`` is what goes back now, by method; each plugin books those of its own methods.
    ``claims`` are those that the purchase had used up.
    """

    purchase: UUID
    purchase_return: UUID
    member: UUID | None
    store: UUID | None
    at: datetime
    currency: str
    amount: int
    share: Fraction
    refunds: Sequence[Tender] = ()
    claims: Sequence[Claim] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing of the purchase is left."""
        return self.share == 1


Holds = Callable[[UUID, UUID | None, str], Awaitable[int | None]]


@dataclass(frozen=True)
class PaymentMethod:
    """A way to pay that a plugin settles, by its name without the plugin.

    ``holds(member, store, currency)`` answers how much of it the member could pay now, in minor units; ``None``
    where it is not for them. Tills offer it up to that.
    """

    name: str
    title: Text
    holds: Holds


@dataclass(frozen=True, kw_only=True)
class Redeeming:
    """A reward that a member has just redeemed; ``detail`` is what the catalogue says of its kind."""

    redemption: UUID
    reward: str
    member: UUID
    store: UUID | None
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RewardKind:
    """A kind of reward that a plugin hands out, by its name without the plugin: a coupon, a class.

    ``give`` is awaited in the transaction that takes the points; it answers what the member is told (a coupon's
    code), or nothing, and may refuse. ``take_back`` is awaited when the redemption is cancelled, and refuses
    where what was given is used. ``choices`` answers what the catalogue may hand out: codes and how they are called.
    """

    name: str
    title: Text
    give: Callable[[Redeeming], Awaitable[str | None]]
    take_back: Callable[[Redeeming], Awaitable[None]]
    choices: Callable[[], Awaitable[Mapping[str, Text]]] | None = None
