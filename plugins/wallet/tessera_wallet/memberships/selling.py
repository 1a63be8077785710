"""Selling memberships, renewing them at their end, and upgrading to a better one with credit for what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from tessera.plugin import (
    actor,
    business,
    emit,
    execute,
    fetchval,
    in_transaction,
    members,
    note_audit,
    now,
    store_of,
    take_money,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet.desk import LARGEST, NEVER, wrong
from tessera_wallet.memberships.contract import (
    REFUND,
    Held,
    MembershipOver,
    NotRenewable,
    NoUpgrade,
    Product,
)
from tessera_wallet.memberships.products import product_named
from tessera_wallet.memberships.reading import locked, note_change
from tessera_wallet.memberships.terms import DAY, Term, end_of, lengths

MONEY = "wallet.membership"
"""What memberships cost, among the takings."""

FARTHEST = timedelta(days=366)
"""How long ahead a membership may begin."""

_INSERT = """
INSERT INTO wallet.membership (id, member, product, store, payer, currency, starts_on, ends_on, replaces, sold_at,
    reference, batch)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_TERM = """
INSERT INTO wallet.membership_term (id, membership, place, term_unit, term_n, price, days, paid_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A membership about to be sold: to whom, what, how it is paid; ``price`` where it is not the product's.

    ``starts_on`` is a later day on which it begins; without one it begins at the sale, or at the first visit where
    the product says so.
    """

    member: UUID
    product: str
    method: str = ""
    price: int | None = None
    payer: UUID | None = None
    starts_on: date | None = None
    store: UUID | None = None


async def sell(sale: Sale) -> UUID:
    """Sell a membership and take its price; answers its id. Another price than the product's needs a right."""
    product = await product_named(sale.product)
    price = product.price if sale.price is None else sale.price
    if price != product.price:
        actor().needs(REFUND, sale.store)
    _check_price(price)
    check_method(sale.method, price)
    starts = _begin(sale, product)

    async def work() -> UUID:
        held = await members.hold_all([sale.member, *([sale.payer] if sale.payer else [])])
        member = held[sale.member]
        payer = held[sale.payer] if sale.payer else None
        id_ = await write(product, member, price, starts, store=sale.store, payer=payer)
        await take(price, sale.method, product.currency, payer or member, sale.store, id_)
        await note_change(id_, "sold", amount=price, from_on=starts)
        await emit(
            "wallet.membership_sold", member=member, store=sale.store, membership=id_, product=product.code, price=price
        )
        await note_audit(
            "wallet.membership_sold", member=member, subject=("membership", id_), store=sale.store, price=price
        )
        return id_

    return await in_transaction(work)


def _begin(sale: Sale, product: Product) -> date | None:
    today = business().today()
    if not product.active:
        raise wrong("product", _('"{title}" is not sold any more', title=product.title))
    if sale.starts_on is None:
        return None if product.begins == "visit" else today
    if not today <= sale.starts_on <= today + FARTHEST:
        raise wrong("starts_on", _("it begins today or on a later day within a year"))
    return sale.starts_on


async def write(
    product: Product,
    member: UUID,
    price: int,
    starts: date | None,
    *,
    store: UUID | None,
    payer: UUID | None = None,
    replaces: UUID | None = None,
    ends: date | None = None,
    reference: str = "",
    batch: UUID | None = None,
) -> UUID:
    """The rows of a membership with its first term; ``ends`` where another system has said its last day."""
    id_, days = uuid7(), None
    if starts is not None:
        whole = lengths(starts, [(product.term_unit, product.term_n)])[0]
        days = whole if ends is None else (ends - starts).days + 1
    last = starts + (days - 1) * DAY if starts is not None and days is not None else None
    known = (id_, member, product.id, store, payer, product.currency, starts, last, replaces, now())
    await execute(_INSERT, *known, reference, batch)
    await execute(_TERM, uuid7(), id_, 1, product.term_unit, product.term_n, price, days, now())
    return id_


async def take(amount: int, method: str, currency: str, member: UUID, store: UUID | None, membership: UUID) -> None:
    """Take money for a membership, or pay it out below zero; nothing moves where it is free.

    A store takes its own currency only.
    """
    known = store_of(store)
    if known is not None and known.currency != currency:
        raise wrong("store", _("{store} takes {currency} only", store=known.name, currency=known.currency))
    if amount:
        await take_money(MONEY, method, amount, currency, member=member, store=store, subject=membership)


def check_method(method: str, amount: int) -> None:
    """Refuse money without a way to pay; what a plugin settles itself is taken at the till."""
    if amount and (not method.strip() or "." in method):
        raise wrong("method", _("say how it is paid: cash, card, or what else your tills take"))


def _check_price(price: int) -> None:
    if not 0 <= price <= LARGEST:
        raise wrong("price", _("give an amount that is not below zero"))


async def renew(id_: UUID, method: str = "", *, store: UUID | None = None) -> Held:
    """Sell one more term, which follows the last day whenever it is sold before it; at the product's present price."""

    async def work() -> Held:
        held = await locked(id_)
        refuse_over(held)
        product = held.product
        if product.renewals is not None and len(held.terms) > product.renewals:
            raise NotRenewable(_('"{title}" can be renewed {n} times', title=product.title, n=product.renewals))
        if held.ends_on is not None and held.ends_on.year >= NEVER:
            raise NotRenewable(_('"{title}" never ends: there is nothing to renew', title=product.title))
        check_method(method, product.price)
        days = None
        if held.starts_on is not None:
            terms = [*((term.unit, term.n) for term in held.terms), (product.term_unit, product.term_n)]
            days = lengths(held.starts_on, terms)[-1]
        place = len(held.terms) + 1
        await execute(_TERM, uuid7(), id_, place, product.term_unit, product.term_n, product.price, days, now())
        until = held.ends_on + days * DAY if held.ends_on is not None and days is not None else None
        await execute("UPDATE wallet.membership SET ends_on = $2 WHERE id = $1", id_, until)
        await take(product.price, method, product.currency, held.payer or held.member, store, id_)
        await note_change(id_, "renewed", amount=product.price, until_on=until)
        await emit(
            "wallet.membership_renewed",
            member=held.member,
            store=store,
            membership=id_,
            product=product.code,
            price=product.price,
        )
        await note_audit("wallet.membership_renewed", member=held.member, subject=("membership", id_), store=store)
        return await locked(id_)

    return await in_transaction(work)


def refuse_over(held: Held) -> None:
    """Refuse to go on with a membership that is over."""
    if not held.is_running:
        raise MembershipOver(
            _('"{title}" is over ({state}): sell a new one', title=held.product.title, state=held.says)
        )


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade costs: the other product's price, less the credit for what is left."""

    product: Product
    credit: int
    to_pay: int


async def preview_upgrade(held: Held, product: str) -> Upgrade:
    """What an upgrade would cost today; refuses what is none."""
    other = await product_named(product)
    refuse_over(held)
    if other.id == held.product.id or not other.active or other.currency != held.currency:
        raise NoUpgrade(_('"{title}" is no other membership that is sold', title=other.title))
    credit = held.worth
    if credit > other.price:
        raise NoUpgrade(_('"{title}" costs less than what is left: refund that instead', title=other.title))
    return Upgrade(other, credit, other.price - credit)


async def upgrade(id_: UUID, product: str, method: str = "", *, store: UUID | None = None) -> UUID:
    """End a membership today and begin another for the same member, credited with what is left; answers its id.

    Refunding the new one later gives back what it cost, the credit included.
    """

    async def work() -> UUID:
        held = await locked(id_)
        plan = await preview_upgrade(held, product)
        check_method(method, plan.to_pay)
        today = business().today()
        starts = None if plan.product.begins == "visit" and held.starts_on is None else today
        new = await write(
            plan.product, held.member, plan.product.price, starts, store=store, payer=held.payer, replaces=id_
        )
        await execute("UPDATE wallet.membership SET ended_on = $2, ended_as = 'upgraded' WHERE id = $1", id_, today)
        await take(plan.to_pay, method, plan.product.currency, held.payer or held.member, store, new)
        await note_change(id_, "upgraded", amount=-plan.credit, other=new)
        await note_change(new, "sold", amount=plan.product.price, from_on=starts, other=id_)
        await emit(
            "wallet.membership_upgraded",
            member=held.member,
            store=store,
            membership=new,
            before=id_,
            product=plan.product.code,
            credit=plan.credit,
            paid=plan.to_pay,
        )
        await note_audit(
            "wallet.membership_upgraded", member=held.member, subject=("membership", new), store=store, paid=plan.to_pay
        )
        return new

    return await in_transaction(work)


_START = """
UPDATE wallet.membership SET starts_on = $2, ends_on = $3 WHERE id = $1 AND starts_on IS NULL RETURNING member, store
"""


async def start(id_: UUID, day: date, *, store: UUID | None) -> None:
    """Begin a membership that waited for the first visit; whoever comes second finds it begun."""
    held = await locked(id_)
    if held.starts_on is not None or not held.is_running:
        return
    days = lengths(day, [(term.unit, term.n) for term in held.terms])
    terms = [Term(term.unit, term.n, term.price, n) for term, n in zip(held.terms, days, strict=True)]
    last = end_of(day, terms, [])
    if await fetchval(_START, id_, day, last) is None:
        return
    for place, n in enumerate(days, start=1):
        await execute("UPDATE wallet.membership_term SET days = $3 WHERE membership = $1 AND place = $2", id_, place, n)
    await note_change(id_, "started", from_on=day, until_on=last)
    await emit("wallet.membership_started", member=held.member, store=store, membership=id_)
