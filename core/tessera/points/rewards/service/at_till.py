"""Money off at the till: a redemption's code lowers the price of one purchase, and of another once that came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow
from tessera.kernel.events import emit
from tessera.kernel.texts import own_text
from tessera.points.rewards.codes import typed
from tessera.points.rewards.service.contract import RewardUsed
from tessera_hooks import Basket, Claim, ClaimKind, PriceCut, Returning, Settled, Settling, Text, _

CLAIM = ClaimKind("reward", _("Code of a reward"))

KIND = f"core.{CLAIM.name}"
"""How a till names what it holds out."""

MOST = 20
"""Redemptions of a member that a till offers; those that are held out come first."""

_OPEN = """
SELECT d.code, r.code AS reward, r.title, d.detail FROM redemption d JOIN reward r ON r.id = d.reward
WHERE d.member = $1 AND d.status = 'open' AND d.kind = 'cash_off' ORDER BY d.code = ANY($3) DESC, d.id LIMIT $2
"""

_USE = """
UPDATE redemption d SET status = 'handed_over', handed_over_at = $3, handed_over_by = $4, purchase = $2
FROM reward r WHERE r.id = d.reward AND d.kind = 'cash_off' AND d.code = $1 AND d.status = 'open' AND d.member = $5
RETURNING d.id, r.code AS reward, d.points
"""

_WHOLE_AGAIN = """
UPDATE redemption SET status = 'open', handed_over_at = NULL, handed_over_by = NULL, purchase = NULL
WHERE purchase = $1 AND status = 'handed_over'
"""


async def cuts(basket: Basket) -> Sequence[PriceCut]:
    """What a member's redemptions take off a basket, and why a code that is held out does not."""
    held = {typed(claim.value): claim for claim in basket.claims if claim.kind == KIND}
    if basket.member is None and not held:
        return []
    found = {row["code"]: row for row in await fetch(_OPEN, basket.member, MOST, list(held))}
    offered = [_cut(row, held.get(code) or Claim(KIND, code), basket.currency) for code, row in found.items()]
    unknown = [
        PriceCut(
            kind=KIND, title=CLAIM.title, amount=0, claim=claim, refused=_("no reward of this member has this code")
        )
        for code, claim in held.items()
        if code not in found
    ]
    return [cut for cut in [*offered, *unknown] if cut.refused is None or cut.claim in basket.claims]


def _cut(row: Mapping[str, Any], claim: Claim, currency: str) -> PriceCut:
    detail = row["detail"]
    other = detail["currency"] != currency
    return PriceCut(
        kind=KIND,
        title=Text(own_text(row["title"], row["reward"])),
        amount=0 if other else detail["amount"],
        claim=claim,
        refused=_("this reward is in {currency}", currency=detail["currency"]) if other else None,
    )


async def use(purchase: Settling) -> Settled | None:
    """Use up what a purchase holds out of ours: each code once, whatever the race."""
    mine = [claim for claim in purchase.claims if claim.kind == KIND]
    if not mine:
        return None
    for claim in mine:
        someone = str(actor().label)
        row = await fetchrow(_USE, typed(claim.value), purchase.purchase, clock.now(), someone, purchase.member)
        if row is None:
            raise RewardUsed(_("This reward was used already."))
        await _tell(purchase, row)
    return Settled(claims=mine)


async def _tell(purchase: Settling, row: Mapping[str, Any]) -> None:
    await emit(
        "reward.handed_over",
        member=purchase.member,
        store=purchase.store,
        redemption=row["id"],
        reward=row["reward"],
        points=row["points"],
    )
    await audit.note(
        "rewards.handed_over",
        member=purchase.member,
        subject=("redemption", row["id"]),
        store=purchase.store,
        code=row["reward"],
        points=row["points"],
    )


async def give_back(returning: Returning) -> None:
    """Let a member use again what a purchase had used, once all of it has come back."""
    if returning.whole and any(claim.kind == KIND for claim in returning.claims):
        await execute(_WHOLE_AGAIN, returning.purchase)
