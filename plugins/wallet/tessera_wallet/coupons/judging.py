"""What a coupon takes off a basket, or why it does not: pure, so that a preview and a sale agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

from tessera.plugin import say_money
from tessera_hooks import AwardLine, Text, _
from tessera_wallet.coupons.contract import Kind


@dataclass(frozen=True)
class Judged:
    """What is taken off, in minor units, and of which lines by place; or why nothing is."""

    amount: int = 0
    lines: Mapping[int, int] = field(default_factory=dict)
    refused: Text | None = None


def judge(kind: Kind, amount: int, lines: Sequence[AwardLine], store: UUID | None, currency: str) -> Judged:
    """What a coupon of a kind takes off a basket of ``amount`` minor units before anything lowers it.

    Never more than the articles it holds for come to, so never more than the basket. A share is rounded down to the
    minor unit.
    """
    if currency != kind.currency:
        return Judged(refused=_("it holds in {currency}", currency=kind.currency))
    if kind.stores and store not in kind.stores:
        return Judged(refused=_("it does not hold in this store"))
    held_for = eligible(kind, lines)
    base = sum(line.amount for line in held_for) if kind.is_limited else max(0, amount)
    if kind.is_limited and base <= 0:
        return Judged(refused=_("it holds for other articles"))
    if base < kind.minimum:
        return Judged(refused=_("from {amount} on", amount=say_money(kind.minimum, kind.currency)))
    off = min(base, _off(kind, base, held_for))
    if off == 0 and (kind.gives != "gift" or kind.is_limited):
        return Judged(refused=_("there is nothing to take it from"))
    return Judged(off, spread(off, held_for) if kind.is_limited else {})


def eligible(kind: Kind, lines: Sequence[AwardLine]) -> list[AwardLine]:
    """The lines that a coupon holds for: of its articles or categories, bought and not brought back."""
    if not kind.is_limited:
        return [line for line in lines if line.amount > 0]
    return [line for line in lines if line.amount > 0 and (line.sku in kind.skus or line.category in kind.categories)]


def _off(kind: Kind, base: int, lines: Sequence[AwardLine]) -> int:
    if kind.gives == "amount":
        return kind.amount
    if kind.gives == "percent":
        off = int(Fraction(base) * kind.percent / 100)
        return off if kind.cap is None else min(off, kind.cap)
    return min((piece(line) for line in lines), default=0) if kind.is_limited else 0


def piece(line: AwardLine) -> int:
    """What one piece of a line comes to, rounded down; less than one is the whole line."""
    return line.amount if line.quantity <= 1 else int(Fraction(line.amount) / Fraction(line.quantity))


def spread(off: int, lines: Sequence[AwardLine]) -> dict[int, int]:
    """An amount over lines in proportion to theirs, exactly: what rounding leaves goes to the largest remainders."""
    total = sum(line.amount for line in lines)
    shares = {line.place: Fraction(off * line.amount, total) for line in lines}
    parts = {place: int(share) for place, share in shares.items()}
    by_remainder = sorted(shares, key=lambda place: (parts[place] - shares[place], place))
    for place in by_remainder[: off - sum(parts.values())]:
        parts[place] += 1
    return parts
