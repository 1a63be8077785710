"""Memberships of another system: brought in with their days and prices, taken back while nothing was built on them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import Conflict, business, execute, fetchval, local_day, members
from tessera_hooks import Entitlement, EntitlementField, EntitlementKind, _
from tessera_wallet.desk import wrong
from tessera_wallet.memberships.products import product_named
from tessera_wallet.memberships.reading import note_change
from tessera_wallet.memberships.selling import write

_BUILT_ON = """
SELECT count(DISTINCT c.membership) FROM wallet.membership_change c
WHERE c.membership = ANY($1) AND c.what NOT IN ('brought', 'started')
"""


async def bring(row: Entitlement) -> UUID:
    """A membership that a member has already: from its first day, or the day of the sale, until its last."""
    product = await product_named(str(row.values["product"]))
    starts = row.values.get("from") or local_day(row.at, business().timezone)
    ends = row.values.get("until")
    if ends is not None and ends < starts:
        raise wrong("until", _("the last day is before the first"))
    price = row.values.get("price", 0)
    member = await members.hold(row.member)
    id_ = await write(
        product,
        member,
        price,
        starts,
        store=row.store,
        ends=ends,
        reference=row.reference[:100],
        batch=row.batch,
    )
    await note_change(id_, "brought", amount=price, from_on=starts, until_on=ends)
    return id_


async def take_back(ids: Sequence[UUID]) -> None:
    """End brought memberships as if they had never been; refuses where one was renewed, held or refunded since."""
    changed = await fetchval(_BUILT_ON, list(ids))
    if changed:
        raise Conflict(_("{n} of these memberships were changed since", n=changed))
    await execute(
        "UPDATE wallet.membership SET ended_on = coalesce(starts_on, $2), ended_as = 'cancelled' WHERE id = ANY($1)",
        list(ids),
        business().today(),
    )
    for id_ in ids:
        await note_change(id_, "taken_back")


BROUGHT = EntitlementKind(
    "membership",
    _("Membership"),
    [
        EntitlementField(
            "product", _("Kind of membership"), headers=("membership type", "会籍", "会员卡类型"), needed=True
        ),
        EntitlementField("from", _("First day"), "day", headers=("start", "开始日期", "生效日期")),
        EntitlementField("until", _("Last day"), "day", headers=("valid until", "end", "有效期至", "到期日")),
        EntitlementField("price", _("Price paid"), "money", headers=("paid", "实付", "价格"), total=True),
    ],
    bring,
    take_back,
    names=("会籍", "会员卡"),
)
