"""Coupons of another system: brought in with their codes, taken back while they are not used."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import Conflict, emit, execute, fetchval, members, uuid7
from tessera_hooks import Entitlement, EntitlementField, EntitlementKind, _
from tessera_wallet.coupons import codes
from tessera_wallet.coupons.issuing import validity
from tessera_wallet.coupons.kinds import locked_kind
from tessera_wallet.desk import end_of

_INSERT = """
INSERT INTO wallet.coupon (id, code, kind, member, state, issued_at, opens_at, expires_at, store, source, import_batch)
VALUES ($1, $2, $3, $4, 'issued', $5, $6, $7, $8, 'import', $9) ON CONFLICT (code) DO NOTHING RETURNING id
"""


async def bring(row: Entitlement) -> UUID:
    """A coupon that a member holds already; the old system's code stays good where the list has one.

    It counts in the kind's total limit, and not against what a member may get: it was given before.
    """
    kind = await locked_kind(str(row.values["product"]))
    until = row.values.get("until")
    code = codes.kept(str(row.values.get("code") or row.reference)) or codes.new_code()
    opens, expires = validity(kind, row.at) if until is None else (row.at, None)
    if until is not None:
        expires = end_of(until)
    holder = await members.hold(row.member)
    written: UUID | None = await fetchval(
        _INSERT, uuid7(), code, kind.id, holder, row.at, opens, expires, row.store, row.batch
    )
    if written is None:
        raise Conflict(_("a coupon of this code is there already"))
    counted = await fetchval(
        "UPDATE wallet.coupon_kind SET issued = issued + 1 "
        "WHERE id = $1 AND (total_limit IS NULL OR issued < total_limit) RETURNING issued",
        kind.id,
    )
    if counted is None:
        raise Conflict(_('of "{title}" {n} are left', title=kind.title, n=0))
    await emit(
        "wallet.coupon_issued",
        member=holder,
        store=row.store,
        occurred_at=row.at,
        coupon=written,
        coupon_kind=kind.code,
    )
    return written


async def take_back(ids: Sequence[UUID]) -> None:
    """Take brought coupons back; refuses where one was used since."""
    used = await fetchval("SELECT count(*) FROM wallet.coupon WHERE id = ANY($1) AND state = 'used'", list(ids))
    if used:
        raise Conflict(_("{n} of these coupons were used since", n=used))
    await execute(
        "UPDATE wallet.coupon_kind k SET issued = k.issued - gone.n FROM ("
        "SELECT kind, count(*) AS n FROM wallet.coupon WHERE id = ANY($1) AND state = 'issued' GROUP BY kind) gone "
        "WHERE k.id = gone.kind",
        list(ids),
    )
    await execute("DELETE FROM wallet.coupon WHERE id = ANY($1)", list(ids))


BROUGHT = EntitlementKind(
    "coupon",
    _("Coupon"),
    [
        EntitlementField("product", _("Kind of coupon"), headers=("coupon kind", "优惠券种类", "券种"), needed=True),
        EntitlementField("code", _("Code"), headers=("coupon code", "券码", "优惠码")),
        EntitlementField("until", _("Last day"), "day", headers=("valid until", "有效期至", "到期日")),
    ],
    bring,
    take_back,
    names=("优惠券", "券"),
)
