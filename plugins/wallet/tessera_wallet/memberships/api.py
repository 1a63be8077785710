"""Memberships as JSON: what is sold, selling, renewing, upgrading, holding, giving on, refunding, and who may enter."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from tessera.plugin import members, store_by_code, translate
from tessera_wallet.desk import desk_store
from tessera_wallet.memberships import ending, entering, holding, products, reading, selling
from tessera_wallet.memberships.contract import READ, REFUND, WRITE
from tessera_wallet.memberships.shapes import (
    CancelIn,
    EntryOut,
    HoldIn,
    MembershipIn,
    MembershipList,
    MembershipOut,
    MembershipProductList,
    MembershipRefundIn,
    MembershipRefundOut,
    PaidIn,
    TransferIn,
    UpgradeIn,
    membership_out,
    memberships_out,
    product_out,
)

TAGS = ["wallet"]


@get("/membership-products", permission=READ, operation_id="wallet.membership_products", tags=TAGS)
async def list_products() -> MembershipProductList:
    """All memberships that are or were sold, those that are on first."""
    return MembershipProductList([product_out(one) for one in await products.products()])


@get("/memberships", permission=READ, operation_id="wallet.memberships", tags=TAGS)
async def list_memberships(member: FromQuery[UUID]) -> MembershipList:
    """A member's memberships, those that run first."""
    here = await members.need_visible(member, READ)
    return MembershipList(await memberships_out(await reading.memberships_of(here)))


@get("/memberships/{membership:uuid}", permission=READ, operation_id="wallet.membership", tags=TAGS)
async def show_membership(membership: FromPath[UUID]) -> MembershipOut:
    """One membership."""
    return await membership_out(await reading.membership(membership))


@get("/entry", permission=READ, operation_id="wallet.entry", tags=TAGS)
async def may_enter(member: FromQuery[UUID], store: FromQuery[str | None] = None) -> EntryOut:
    """Whether a member's memberships let them in now, in a store."""
    here = await members.need_visible(member, READ)
    found = await entering.entitled(here, store_by_code(store).id if store else None)
    said = [translate(reason) for reason in found.reasons]
    return EntryOut(found.may, found.membership, found.title, found.until, found.begins, said)


@post("/memberships", permission=WRITE, operation_id="wallet.membership_sell", tags=TAGS)
async def sell_membership(data: JSONBody[MembershipIn]) -> MembershipOut:
    """Sell a membership."""
    member = await members.need_visible(data.member, WRITE)
    payer = await members.need_visible(data.payer, WRITE) if data.payer else None
    sale = selling.Sale(
        member=member,
        product=data.product,
        method=data.method,
        price=data.price,
        payer=payer,
        starts_on=data.starts_on,
        store=desk_store(data.store, WRITE).id,
    )
    return await membership_out(await reading.membership(await selling.sell(sale)))


@post("/memberships/{membership:uuid}/renew", permission=WRITE, operation_id="wallet.membership_renew", tags=TAGS)
async def renew_membership(membership: FromPath[UUID], data: JSONBody[PaidIn]) -> MembershipOut:
    """Sell one more term, which follows the last day."""
    await reading.membership(membership, WRITE)
    return await membership_out(await selling.renew(membership, data.method, store=desk_store(data.store, WRITE).id))


@post("/memberships/{membership:uuid}/upgrade", permission=WRITE, operation_id="wallet.membership_upgrade", tags=TAGS)
async def upgrade_membership(membership: FromPath[UUID], data: JSONBody[UpgradeIn]) -> MembershipOut:
    """Exchange it for another, credited with what is left; answers the new one."""
    await reading.membership(membership, WRITE)
    store = desk_store(data.store, WRITE).id
    return await membership_out(
        await reading.membership(await selling.upgrade(membership, data.product, data.method, store=store))
    )


@post("/memberships/{membership:uuid}/hold", permission=WRITE, operation_id="wallet.membership_hold", tags=TAGS)
async def hold_membership(membership: FromPath[UUID], data: JSONBody[HoldIn]) -> MembershipOut:
    """Let it rest; its end is later by as many days."""
    await reading.membership(membership, WRITE)
    return await membership_out(await holding.hold(membership, data.from_on, data.until_on, reason=data.reason))


@post(
    "/memberships/{membership:uuid}/holds/{hold:uuid}/end",
    permission=WRITE,
    operation_id="wallet.membership_hold_end",
    tags=TAGS,
)
async def end_hold(membership: FromPath[UUID], hold: FromPath[UUID]) -> MembershipOut:
    """End a hold today."""
    await reading.membership(membership, WRITE)
    return await membership_out(await holding.end_hold(membership, hold))


@post("/memberships/{membership:uuid}/transfer", permission=WRITE, operation_id="wallet.membership_transfer", tags=TAGS)
async def transfer_membership(membership: FromPath[UUID], data: JSONBody[TransferIn]) -> MembershipOut:
    """Give it to another member."""
    await reading.membership(membership, WRITE)
    return await membership_out(await holding.transfer(membership, await members.need_visible(data.to, WRITE)))


@post("/memberships/{membership:uuid}/refund", permission=REFUND, operation_id="wallet.membership_refund", tags=TAGS)
async def refund_membership(membership: FromPath[UUID], data: JSONBody[MembershipRefundIn]) -> MembershipRefundOut:
    """End it today and pay its unused days back."""
    held = await reading.membership(membership, REFUND)
    store = desk_store(data.store, REFUND).id
    paid = await ending.refund(membership, data.method, amount=data.amount, reason=data.reason, store=store)
    return MembershipRefundOut(membership, paid, held.currency)


@post("/memberships/{membership:uuid}/cancel", permission=REFUND, operation_id="wallet.membership_cancel", tags=TAGS)
async def cancel_membership(membership: FromPath[UUID], data: JSONBody[CancelIn]) -> MembershipOut:
    """End it today without giving anything back."""
    await reading.membership(membership, REFUND)
    await ending.cancel(membership, reason=data.reason)
    return await membership_out(await reading.membership(membership, REFUND))


handlers = [
    list_products,
    list_memberships,
    show_membership,
    may_enter,
    sell_membership,
    renew_membership,
    upgrade_membership,
    hold_membership,
    end_hold,
    transfer_membership,
    refund_membership,
    cancel_membership,
]
