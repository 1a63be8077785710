"""Taking money ahead: what was paid becomes principal, what an offer gives on top becomes bonus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dateutil.relativedelta import relativedelta

from tessera.plugin import (
    Conflict,
    actor,
    business,
    emit,
    execute,
    fetchval,
    in_transaction,
    ledger,
    local_day,
    members,
    midnight,
    minor_digits,
    note_audit,
    now,
    say_money,
    settings,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet import units
from tessera_wallet.desk import (
    Paid,
    as_rows,
    checked_amount,
    checked_payments,
    checked_words,
    currency_of,
    desk_store,
    take_payments,
)
from tessera_wallet.permissions import RECHARGE
from tessera_wallet.settings import WalletSettings
from tessera_wallet.value.earning import earn_for
from tessera_wallet.value.offers import OfferFacts, need_offer, refuse_amount
from tessera_wallet.value.rows import COLUMNS, INSERT, RechargeFacts

SOURCE = "wallet.recharge"
"""The source of what a recharge credits, in the ledger and among money taken."""

LIMITED = "CNY"
"""The currency in which the limits of the law are written."""


class TooMuchAhead(Conflict):
    """More would be held ahead than is allowed; ``most`` says how much may still be paid in."""

    code = "too_much_ahead"


@dataclass(frozen=True, kw_only=True)
class NewRecharge:
    """A recharge as it is taken at the desk: ``amount`` is paid, in minor units; ``store`` by code."""

    member: UUID
    amount: int
    payments: Sequence[Paid]
    offer: UUID | None = None
    store: str | None = None
    currency: str | None = None
    reference: str = ""


async def recharge(new: NewRecharge) -> RechargeFacts:
    """Take a recharge: the row, both credits, the money by its method, its event, and points where it earns them.

    The balances are locked before the legal limit is looked at, so that two desks never exceed it together.
    """
    member = await members.need_visible(new.member, RECHARGE)
    store = desk_store(new.store, RECHARGE)
    currency = currency_of(store, new.currency)
    amount = checked_amount(new.amount)
    payments = checked_payments(new.payments, amount)
    reference = checked_words(new.reference, "reference", needed=False)

    async def work() -> RechargeFacts:
        here = await members.hold(member)
        offer = await need_offer(new.offer, here, store.id, currency) if new.offer else None
        if offer is not None:
            refuse_amount(offer, amount)
        await ledger.hold(here, [units.bonus(currency), units.principal(currency)])
        await keep_to_limit(here, currency, amount)
        row = _row(here, amount, offer, currency, payments, store.id, reference)
        await book(row, bonus_until(offer, row.at))
        await take_payments(SOURCE, payments, currency, member=here, store=store.id, subject=row.id, at=row.at)
        await emit(
            "wallet.recharged",
            member=here,
            store=store.id,
            recharge=row.id,
            amount=amount,
            bonus=row.bonus,
            currency=currency,
        )
        await note_audit(
            "wallet.recharged",
            member=here,
            subject=("recharge", row.id),
            store=store.id,
            amount=amount,
            bonus=row.bonus,
        )
        if row.earns == "recharge":
            await earn_for(row)
        return row

    return await in_transaction(work)


def _row(
    member: UUID,
    amount: int,
    offer: OfferFacts | None,
    currency: str,
    payments: Sequence[Paid],
    store: UUID,
    reference: str,
) -> RechargeFacts:
    chosen: WalletSettings = settings("wallet")
    return RechargeFacts(
        id=uuid7(),
        member=member,
        offer=offer.id if offer else None,
        offer_title=offer.title if offer else None,
        currency=currency,
        paid=amount,
        bonus=offer.bonus if offer else 0,
        payments=as_rows(payments),
        earns=chosen.earns,
        refunded=0,
        bonus_lapsed=0,
        reference=reference,
        store=store,
        staff=actor().staff_id,
        at=now(),
        origin="live",
        batch=None,
    )


async def book(row: RechargeFacts, until: datetime | None) -> None:
    """Write a recharge and credit it: bonus before principal, which is the order of their units."""
    await execute(INSERT, *(getattr(row, name) for name in COLUMNS))
    facts = {"paid": row.paid, "bonus": row.bonus, "currency": row.currency, "offer": row.offer_title}
    for unit, amount, expires_at in (
        (units.bonus(row.currency), row.bonus, until),
        (units.principal(row.currency), row.paid, None),
    ):
        if amount:
            await ledger.credit(
                row.member,
                unit,
                amount,
                reason=_("Recharge"),
                source=SOURCE,
                source_id=row.id,
                store=row.store,
                at=row.at,
                expires_at=expires_at,
                facts=facts,
            )


def bonus_until(offer: OfferFacts | None, at: datetime) -> datetime | None:
    """When a bonus is gone: the offer's days, else the months that are set, at the business's midnight."""
    chosen: WalletSettings = settings("wallet")
    zone = business().timezone
    day = local_day(at, zone)
    if offer is not None and offer.bonus_days is not None:
        return midnight(day + timedelta(days=offer.bonus_days + 1), zone)
    if chosen.bonus_months:
        return midnight(day + relativedelta(months=chosen.bonus_months) + timedelta(days=1), zone)
    return None


_KNOWN = "SELECT EXISTS (SELECT 1 FROM identity WHERE member = $1)"


async def keep_to_limit(member: UUID, currency: str, amount: int) -> None:
    """Refuse what would take a member's principal above the legal limit; asked with the balances locked.

    Limits are whole yuan; a member whom a phone or another identity tells is registered.
    """
    chosen: WalletSettings = settings("wallet")
    if currency != LIMITED:
        return
    known = await fetchval(_KNOWN, member)
    limit = chosen.registered_limit if known else chosen.unregistered_limit
    if not limit:
        return
    room = limit * 10 ** minor_digits(currency) - await ledger.available(member, units.principal(currency))
    if amount > room:
        most = say_money(max(room, 0), currency)
        if known:
            message = _("a member may hold at most {limit} ahead: {most} can still be paid in", limit=limit, most=most)
        else:
            message = _(
                "a member without phone or other identity may hold at most {limit} ahead: {most} can still be paid in",
                limit=limit,
                most=most,
            )
        raise TooMuchAhead(message, most=max(room, 0))
