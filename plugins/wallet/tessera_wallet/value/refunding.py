"""Paying principal out again: what of its bonus goes with it, and what is paid."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tessera.plugin import (
    Conflict,
    actor,
    emit,
    execute,
    fetchrow,
    in_transaction,
    ledger,
    members,
    note_audit,
    now,
    say_money,
    settings,
    take_money,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet import units
from tessera_wallet.desk import checked_amount, checked_way_out, checked_words, desk_store
from tessera_wallet.lots import left_of
from tessera_wallet.permissions import REFUND
from tessera_wallet.settings import WalletSettings
from tessera_wallet.value.earning import take_back_for
from tessera_wallet.value.reading import one_recharge
from tessera_wallet.value.rows import RechargeFacts
from tessera_wallet.value.splitting import bonus_due

SOURCE = "wallet.refund"


class NothingToRefund(Conflict):
    """Less of the recharge is left than is asked for; ``most`` says how much."""

    code = "nothing_to_refund"


@dataclass(frozen=True)
class Refund:
    """What a refund does, in minor units.

    ``principal`` leaves the balance, ``bonus`` lapses with it; ``kept`` of the principal stays for bonus that
    should have gone back and was spent; ``paid_out`` is the money. ``settled`` is how much of the bonus is done
    with by it, ``most`` is all that could be refunded.
    """

    principal: int
    bonus: int
    kept: int
    settled: int
    most: int

    @property
    def paid_out(self) -> int:
        """What the member gets."""
        return self.principal - self.kept


@dataclass(frozen=True)
class Refunded:
    """A refund that was made."""

    id: UUID
    recharge: RechargeFacts
    refund: Refund


async def preview_refund(recharge: UUID, amount: int | None = None) -> tuple[RechargeFacts, Refund]:
    """What a refund of so much principal (all that is left of it, unless said) would do; changes nothing."""
    row = await one_recharge(recharge, REFUND)
    return row, await _reckon(row, amount)


_GONE = """
SELECT coalesce(sum(bonus), 0)::bigint AS bonus, coalesce(sum(kept), 0)::bigint AS kept
FROM wallet.value_refund WHERE recharge = $1
"""


async def _reckon(row: RechargeFacts, amount: int | None) -> Refund:
    """The refund of an amount, from what is left of the recharge's own lots.

    Bonus goes with it in proportion, or all that is left; bonus that was spent instead is taken off the money,
    or given, as it is set. What has expired of the bonus was no gain and is asked of nobody; over all refunds it
    counts once.
    """
    chosen: WalletSettings = settings("wallet")
    principal = await left_of(row.id, units.principal(row.currency))
    bonus = await left_of(row.id, units.bonus(row.currency))
    most = principal.spendable
    wanted = most if amount is None else amount
    if wanted > most:
        raise NothingToRefund(_("{most} are left of this recharge", most=say_money(most, row.currency)), most=most)
    due = settled_bonus(row, wanted, bonus.spendable)
    lapsing = min(due, bonus.spendable)
    gone = await fetchrow(_GONE, row.id)
    spent = max(row.bonus_lapsed + due - gone["bonus"] - lapsing - bonus.expired - gone["kept"], 0)
    kept = min(spent, due - lapsing, wanted) if chosen.spent_bonus == "deduct" else 0
    return Refund(wanted, lapsing, kept, due, most)


def settled_bonus(row: RechargeFacts, wanted: int, left: int) -> int:
    """How much of the bonus a refund settles: what lapses, and what was spent and is paid for or given."""
    chosen: WalletSettings = settings("wallet")
    due = bonus_due(row.paid, row.bonus, row.refunded, row.bonus_lapsed, wanted)
    if chosen.refund_bonus == "all":
        due = max(due, left)
    return min(due, row.bonus - row.bonus_lapsed)


_LOCK = "SELECT refunded, bonus_lapsed FROM wallet.recharge WHERE id = $1 FOR UPDATE"

_SETTLE = "UPDATE wallet.recharge SET refunded = refunded + $2, bonus_lapsed = bonus_lapsed + $3 WHERE id = $1"

_INSERT = """
INSERT INTO wallet.value_refund
    (id, recharge, member, currency, principal, bonus, kept, method, reason, store, staff, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


async def refund(
    recharge: UUID, amount: int | None = None, *, method: str, reason: str, store: str | None = None
) -> Refunded:
    """Pay principal of a recharge out again, all that is left of it unless an amount is given.

    Only principal is ever paid out, and only what is left of this recharge. The balances are locked first, the
    recharge next, and everything is reckoned from what is locked: two desks that refund at once pay out once.
    """
    seen = await one_recharge(recharge, REFUND)
    here = desk_store(store, REFUND)
    why, way = checked_words(reason), checked_way_out(method)
    if amount is not None:
        checked_amount(amount)

    async def work() -> Refunded:
        member = await members.hold(seen.member)
        await ledger.hold(member, [units.bonus(seen.currency), units.principal(seen.currency)])
        row = await _locked(recharge)
        done = await _reckon(row, amount)
        if not done.principal:
            raise NothingToRefund(_("Nothing is left of this recharge."), most=0)
        made = Refunded(uuid7(), row, done)
        await _book(made, member, here.id, why)
        await _note(made, member, way, why, here.id)
        return made

    return await in_transaction(work)


async def _locked(recharge: UUID) -> RechargeFacts:
    await fetchrow(_LOCK, recharge)
    return await one_recharge(recharge, REFUND)


async def _book(made: Refunded, member: UUID, store: UUID, reason: str) -> None:
    """Take principal and bonus from the recharge's own lots."""
    row, done = made.recharge, made.refund
    for unit, amount in ((units.bonus(row.currency), done.bonus), (units.principal(row.currency), done.principal)):
        if amount:
            await ledger.debit(
                member,
                unit,
                amount,
                reason=reason,
                source=SOURCE,
                source_id=made.id,
                store=store,
                lots_of=row.id,
                facts={"kept": done.kept, "currency": row.currency},
            )
    await execute(_SETTLE, row.id, done.principal, done.settled)
    if row.earns == "recharge":
        await take_back_for(row, made.id, row.refunded + done.principal, store)


async def _note(made: Refunded, member: UUID, method: str, reason: str, store: UUID) -> None:
    """Write the refund down, with the money that went out, its event and who did it."""
    row, done, at = made.recharge, made.refund, now()
    await execute(
        _INSERT,
        made.id,
        row.id,
        member,
        row.currency,
        done.principal,
        done.bonus,
        done.kept,
        method,
        reason,
        store,
        actor().staff_id,
        at,
    )
    if done.paid_out:
        await take_money(
            SOURCE, method, -done.paid_out, row.currency, member=member, store=store, subject=made.id, at=at
        )
    await emit(
        "wallet.refunded",
        member=member,
        store=store,
        refund=made.id,
        recharge=row.id,
        amount=done.principal,
        paid_out=done.paid_out,
        bonus=done.bonus,
        currency=row.currency,
    )
    await note_audit(
        "wallet.refunded", member=member, subject=("value_refund", made.id), store=store, amount=done.paid_out
    )
