"""Coupons as a reward for points: the catalogue hands one out, and takes it back while it is not used."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.plugin import fetchval
from tessera_hooks import Redeeming, RewardKind, Text, _
from tessera_wallet.coupons import codes, issuing, kinds
from tessera_wallet.desk import wrong

SOURCE = "reward"


async def give(redeeming: Redeeming) -> str:
    """Issue the coupon that the catalogue names; answers its code. The same redemption gives one."""
    kind = str(redeeming.detail.get("choice", ""))
    if not kind:
        raise wrong("detail", _("choose which coupon this reward gives"))
    held = await issuing.issue(
        redeeming.member, kind, source=SOURCE, source_id=redeeming.redemption, store=redeeming.store, at=redeeming.at
    )
    return codes.shown(held.code)


async def take_back(redeeming: Redeeming) -> None:
    """Take the coupon of a redemption back; refuses where it was used."""
    id_ = await fetchval(
        "SELECT id FROM wallet.coupon WHERE source = $1 AND source_id = $2", SOURCE, redeeming.redemption
    )
    if id_ is not None:
        await issuing.revoke(id_)


async def choices() -> Mapping[str, Text]:
    """The kinds of coupons that are given at present."""
    return {kind.code: Text(kind.title) for kind in await kinds.kinds(enabled_only=True)}


REWARD_KINDS = [RewardKind("coupon", _("Coupon"), give, take_back, choices)]
