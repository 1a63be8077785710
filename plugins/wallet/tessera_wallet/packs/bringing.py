"""Packs of another system: what is left of them, taken back while nothing was used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import Conflict, Invalid, emit, execute, fetchrow, fetchval, members, uuid7
from tessera_hooks import Entitlement, EntitlementField, EntitlementKind, _
from tessera_wallet.desk import end_of
from tessera_wallet.packs.products import CODE, keep_kind
from tessera_wallet.packs.rows import PackFacts
from tessera_wallet.packs.selling import book


async def bring(row: Entitlement) -> UUID:
    """A pack as it stood: what was bought and gifted, what is left, what was paid for it."""
    values = row.values
    bought, gifted = int(values.get("bought") or values["left"]), int(values.get("gifted") or 0)
    left = int(values["left"])
    if not 0 < left <= bought + gifted or gifted < 0:
        raise Invalid(_("what is left lies between 1 and what was bought and given"))
    kind = await _kind(str(values["sessions_of"]).strip())
    pack = _as_it_stood(row, await members.hold(row.member), kind, bought, gifted)
    await book(pack, left, row.at)
    await emit(
        "wallet.pack_sold",
        member=pack.member,
        store=row.store,
        occurred_at=row.at,
        pack=pack.id,
        units=pack.held,
        amount=pack.price,
        currency=pack.currency,
    )
    return pack.id


def _as_it_stood(row: Entitlement, member: UUID, kind: tuple[str, str], bought: int, gifted: int) -> PackFacts:
    """The pack as the other system sold it; it ends on the day that the list says, if any."""
    values, until = row.values, row.values.get("until")
    return PackFacts(
        id=uuid7(),
        member=member,
        payer=None,
        product=None,
        title=str(values.get("title") or kind[1])[:100],
        bought=bought,
        gifted=gifted,
        price=int(values.get("price") or 0),
        currency=row.currency,
        payments=[],
        validity="never",
        validity_n=0,
        validity_from="purchase",
        stores=None,
        shareable=False,
        first_used_at=None,
        expires_at=end_of(until) if until else None,
        ended_at=None,
        refunded=0,
        reference=row.reference[:120],
        store=row.store,
        staff=None,
        at=row.at,
        origin="import",
        batch=row.batch,
        kind=kind[0],
        kind_title=kind[1],
    )


async def _kind(named: str) -> tuple[str, str]:
    """The kind of that code or title; a new one gets a code that stays the same for the same words."""
    row = await fetchrow("SELECT code, title FROM wallet.session_kind WHERE code = $1 OR title = $1", named)
    if row is not None:
        return row["code"], row["title"]
    code = named if CODE.match(named) else "k" + hashlib.sha256(named.encode()).hexdigest()[:12]
    await keep_kind(code, named[:60])
    return code, named[:60]


async def take_back(ids: Sequence[UUID]) -> None:
    """Take brought packs away; refused where one was used since."""
    used = await fetchval(
        "SELECT count(DISTINCT p.id) FROM wallet.pack p LEFT JOIN wallet.pack_use u ON u.pack = p.id "
        "WHERE p.id = ANY($1) AND (u.id IS NOT NULL OR p.ended_at IS NOT NULL)",
        list(ids),
    )
    if used:
        raise Conflict(_("{n} of these packs were used since", n=used))
    await execute("DELETE FROM wallet.pack WHERE id = ANY($1)", list(ids))


pack = EntitlementKind(
    "pack",
    _("Pack"),
    [
        EntitlementField("title", _("Title"), "text", ("pack", "次卡名称")),
        EntitlementField("sessions_of", _("Sessions of"), "text", ("service", "项目"), needed=True),
        EntitlementField("bought", _("Sessions bought"), "count", ("购买次数",)),
        EntitlementField("gifted", _("Sessions on top"), "count", ("赠送次数",)),
        EntitlementField("left", _("Sessions left"), "count", ("remaining", "剩余次数"), needed=True, total=True),
        EntitlementField("price", _("Price paid"), "money", ("实付金额",), total=True),
        EntitlementField("until", _("Valid until"), "day", ("expires", "有效期至")),
    ],
    bring,
    take_back,
    names=("次卡", "套餐"),
)
