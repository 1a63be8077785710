"""Issuing coupons to members and as open codes, within their limits whatever the race, and revoking them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tessera.plugin import (
    actor,
    business,
    emit,
    execute,
    fetch,
    fetchrow,
    fetchval,
    in_transaction,
    local_day,
    members,
    midnight,
    note_audit,
    now,
    uuid7,
)
from tessera_hooks import Text, _
from tessera_wallet.coupons import codes
from tessera_wallet.coupons.contract import CouponLimit, CouponUnknown, CouponUsed, Held, Kind, NotIssued
from tessera_wallet.coupons.kinds import locked_kind
from tessera_wallet.coupons.reading import SELECT, held_of
from tessera_wallet.desk import end_of, wrong

MOST_CODES = 10_000
"""Codes that are made at once."""

ISSUE = "wallet.issue_coupons"

_INSERT = """
INSERT INTO wallet.coupon (id, code, kind, batch, member, state, issued_at, opens_at, expires_at, store, reason,
    source, source_id, import_batch)
VALUES ($1, $2, $3, NULL, $4, 'issued', $5, $6, $7, $8, $9, $10, $11, $12)
"""

_INSERT_OPEN = """
INSERT INTO wallet.coupon (id, code, kind, batch, state, issued_at, opens_at, expires_at, store, source)
SELECT made.id, made.code, $3, $4, 'issued', $5, $6, $7, $8, 'batch'
FROM unnest($1::uuid[], $2::text[]) AS made (id, code)
"""


async def issue(
    member: UUID,
    kind: str,
    *,
    reason: Text | str = "",
    source: str = "hand",
    source_id: UUID | None = None,
    store: UUID | None = None,
    at: datetime | None = None,
) -> Held:
    """Give a member a coupon of a kind, inside the running unit of work or in one of its own.

    The same ``source`` and ``source_id`` give one coupon, however often: a rule that runs again, a redemption that
    is sent twice. The kind's row is locked first, so its limits are exact. Refuses with ``NotIssued`` or
    ``CouponLimit``.
    """
    id_, moment = uuid7(), at or now()
    here = store if store is not None else actor().store

    async def work() -> Held:
        holder = await members.hold(member)
        found = await locked_kind(kind)
        if source_id is not None and (before := await _for_cause(found.id, source, source_id)) is not None:
            return before
        _refuse_unless_given(found, moment)
        await _count(found, 1)
        await _refuse_above_member_limit(found, holder)
        opens, expires = validity(found, moment)
        values = (id_, codes.new_code(), found.id, holder, moment, opens, expires, here, str(reason)[:200])
        await execute(_INSERT, *values, source, source_id, None)
        await emit("wallet.coupon_issued", member=holder, store=here, coupon=id_, coupon_kind=found.code)
        await note_audit(
            "wallet.coupon_issued", member=holder, subject=("coupon", id_), store=here, kind=found.code, source=source
        )
        return await _written(id_)

    return await in_transaction(work)


async def _for_cause(kind: UUID, source: str, source_id: UUID) -> Held | None:
    row = await fetchrow(f"{SELECT} WHERE c.kind = $1 AND c.source = $2 AND c.source_id = $3", kind, source, source_id)
    return held_of(row) if row is not None else None


async def _written(id_: UUID) -> Held:
    return held_of(await fetchrow(f"{SELECT} WHERE c.id = $1", id_))


def validity(kind: Kind, issued: datetime) -> tuple[datetime, datetime | None]:
    """From when until when (not included) a coupon holds, by the midnights of the business's zone.

    ``valid_days`` counts the day of the issue as the first. Refuses what would be over before it begins.
    """
    zone = business().timezone
    opens = max(issued, midnight(kind.valid_from, zone)) if kind.valid_from else issued
    ends = []
    if kind.valid_until is not None and (last := end_of(kind.valid_until)) is not None:
        ends.append(last)
    if kind.valid_days is not None:
        ends.append(midnight(local_day(issued, zone) + timedelta(days=kind.valid_days), zone))
    expires = min(ends, default=None)
    if expires is not None and expires <= opens:
        raise NotIssued(_('"{title}" would be over before it begins: change its days', title=kind.title))
    return opens, expires


def _refuse_unless_given(kind: Kind, at: datetime) -> None:
    day = local_day(at, business().timezone)
    if not kind.enabled:
        raise NotIssued(_('"{title}" is not given at present', title=kind.title))
    if kind.issue_from is not None and day < kind.issue_from:
        raise NotIssued(_('"{title}" is given from {day} on', title=kind.title, day=kind.issue_from.isoformat()))
    if kind.issue_until is not None and day > kind.issue_until:
        raise NotIssued(_('"{title}" was given until {day}', title=kind.title, day=kind.issue_until.isoformat()))


async def _count(kind: Kind, n: int) -> None:
    """Take ``n`` from what may still be issued, in one conditional statement."""
    counted = await fetchval(
        "UPDATE wallet.coupon_kind SET issued = issued + $2 "
        "WHERE id = $1 AND (total_limit IS NULL OR issued + $2 <= total_limit) RETURNING issued",
        kind.id,
        n,
    )
    if counted is None:
        left = max(0, (kind.total_limit or 0) - kind.issued)
        raise CouponLimit(_('of "{title}" {n} are left', title=kind.title, n=left), left=left)


async def _refuse_above_member_limit(kind: Kind, member: UUID) -> None:
    """Refuse one more than a member may get; the kind is locked, so nobody counts beside us."""
    if kind.member_limit is None:
        return
    had = await fetchval(
        "SELECT count(*) FROM wallet.coupon WHERE kind = $1 AND member = $2 AND state <> 'revoked'", kind.id, member
    )
    if had >= kind.member_limit:
        message = _('"{title}" is given {n} times to a member at most', title=kind.title, n=kind.member_limit)
        raise CouponLimit(message, left=0)


async def issue_codes(kind: str, pieces: int) -> tuple[UUID, list[str]]:
    """Make open codes, for whoever holds them; answers the batch and the codes as people read them."""
    if not 0 < pieces <= MOST_CODES:
        raise wrong("pieces", _("make 1 to {most} codes at once", most=MOST_CODES))
    batch, moment, here = uuid7(), now(), actor().store

    async def work() -> list[str]:
        found = await locked_kind(kind)
        _refuse_unless_given(found, moment)
        await _count(found, pieces)
        opens, expires = validity(found, moment)
        await execute(
            "INSERT INTO wallet.coupon_batch (id, kind, pieces, made_at, actor_label) VALUES ($1, $2, $3, $4, $5)",
            batch,
            found.id,
            pieces,
            moment,
            str(actor().label)[:200],
        )
        made = [codes.new_code() for _piece in range(pieces)]
        ids = [uuid7() for _piece in range(pieces)]
        await execute(_INSERT_OPEN, ids, made, found.id, batch, moment, opens, expires, here)
        await note_audit("wallet.codes_made", subject=("coupon_batch", batch), rows=pieces, kind=found.code)
        return made

    return batch, [codes.shown(code) for code in await in_transaction(work)]


async def codes_of(batch: UUID) -> list[tuple[str, str]]:
    """The codes of a batch as people read them, each with its state; noted as an export."""

    async def work() -> list[Any]:
        rows = await fetch("SELECT code, state FROM wallet.coupon WHERE batch = $1 ORDER BY id", batch)
        if not rows:
            raise CouponUnknown(_("there is no such batch of codes"))
        await note_audit("wallet.codes_exported", subject=("coupon_batch", batch), rows=len(rows))
        return rows

    return [(codes.shown(row["code"]), row["state"]) for row in await in_transaction(work)]


async def batches(kind: Kind) -> Sequence[Any]:
    """The batches of a kind, the last made first, with how many of each were used."""
    return await fetch(
        "SELECT b.id, b.pieces, b.made_at, b.actor_label, "
        "(SELECT count(*) FROM wallet.coupon c WHERE c.batch = b.id AND c.state = 'used') AS used "
        "FROM wallet.coupon_batch b WHERE b.kind = $1 ORDER BY b.id DESC LIMIT 50",
        kind.id,
    )


async def revoke(id_: UUID) -> None:
    """Take a coupon back that was not used: it counts in no limit any more. Revoked already is well too."""

    async def work() -> None:
        row = await fetchrow(
            "UPDATE wallet.coupon SET state = 'revoked' WHERE id = $1 AND state = 'issued' RETURNING kind, member", id_
        )
        if row is None:
            await _refuse_used(id_)
            return
        await execute("UPDATE wallet.coupon_kind SET issued = issued - 1 WHERE id = $1", row["kind"])
        if row["member"] is not None:
            await emit("wallet.coupon_revoked", member=row["member"], coupon=id_)
        await note_audit("wallet.coupon_revoked", member=row["member"], subject=("coupon", id_))

    await in_transaction(work)


async def _refuse_used(id_: UUID) -> None:
    state = await fetchval("SELECT state FROM wallet.coupon WHERE id = $1", id_)
    if state is None:
        raise CouponUnknown(_("there is no such coupon"))
    if state == "used":
        raise CouponUsed(_("this coupon was used: it cannot be taken back"))
