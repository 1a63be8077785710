"""What takes part in a sale: baskets, what lowers their price, how they are paid, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from tessera_hooks.marking import hookspec
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

NotEarning = Callable[[UUID, UUID | None, str, int], Awaitable[int]]


@dataclass(frozen=True)
class PaymentMethod:
    """A way to pay that a plugin settles, by its name without the plugin.

    ``holds(member, store, currency)`` answers how much of it the member could pay now, in minor units; ``None``
    where it is not for them. Tills offer it up to that.

    ``not_earning(member, store, currency, amount)`` answers how much of an amount would earn nothing if it were paid
    so now: what ``Settled.not_earning`` would say of it. A preview asks it, in a transaction that cannot write, and
    never for more than ``holds`` answers. Without it all that is paid so earns.
    """

    name: str
    title: Text
    holds: Holds
    not_earning: NotEarning | None = None


@hookspec
def claim_kinds() -> list[ClaimKind]:  # type: ignore[empty-body]
    """Declare what customers may hold out at the till to be used once, such as coupons.

    Called once at start. Tills ask for it where the plugin is enabled; a purchase that holds out a claim of a
    kind that nobody declares is refused.

    Example::

        @hookimpl
        def claim_kinds():
            return [ClaimKind("coupon", _("Coupon"))]
    """


@hookspec
def payment_methods() -> list[PaymentMethod]:  # type: ignore[empty-body]
    """Declare ways to pay that the plugin settles itself.

    Called once at start. Tills offer them where the plugin is enabled; what is paid so stands in
    ``settle_purchase`` and must be taken there. A method whose money may have earned before answers how much of
    an amount that is, so that a preview tells the points that the sale then gives.

    Example::

        @hookimpl
        def payment_methods():
            return [PaymentMethod("stored_value", _("Stored value"), service.holds, service.not_earning)]
    """


@hookspec
async def price_basket(basket: Basket) -> Sequence[PriceCut]:  # type: ignore[empty-body]
    """Say what lowers the price of a basket, and what the member could use.

    Called for a preview, and for a purchase that holds claims out; it changes nothing. Answers of all plugins
    are put together: cuts that stack add up, one that does not stands alone, and the member gets what is best.

    Example::

        @hookimpl
        async def price_basket(basket):
            return await service.usable_coupons(basket)
    """


@hookspec
async def settle_purchase(purchase: Settling) -> Settled | None:
    """Take part in settling a purchase.

    Called inside the transaction that records it, one plugin after another, before its points are earned. The
    plugin uses up the claims and takes the money of the payment methods that are its own, and answers which; what
    nobody has settled refuses the purchase. It may write the plugin's own tables, may refuse with a domain error
    that rolls everything back, and never touches the network. Not called for imported history.

    Example::

        @hookimpl
        async def settle_purchase(purchase):
            return await service.use_coupons(purchase)
    """


@hookspec
async def return_purchase(returning: Returning) -> None:
    """Take part in bringing a purchase back, all of it or a part.

    Called inside the transaction that records the return, one plugin after another, before points are given and
    taken back: in the order of a sale, so that neither waits for the other. The plugin gives back what was paid
    by its own methods, and decides about the claims that were used. Not called for imported history.

    Example::

        @hookimpl
        async def return_purchase(returning):
            await service.give_back(returning)
    """
