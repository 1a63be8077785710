"""What lowers the price of a basket, put together: pure, exact, and the same whatever the order of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tessera.purchases.service.shares import shares
from tessera_hooks import PriceCut, Text, _


@dataclass(frozen=True)
class Combined:
    """Which cuts hold, with what each takes off, and which of those held out do not, each with its reason."""

    cuts: Sequence[PriceCut] = ()
    refused: Sequence[PriceCut] = ()

    @property
    def amount(self) -> int:
        """What they take off in all."""
        return sum(cut.amount for cut in self.cuts)


def combine(amount: int, cuts: Iterable[PriceCut]) -> Combined:
    """The best for the member: all cuts that stack, or one that does not, never more than ``amount``.

    What holds by itself comes first and the largest next, so that no claim is used up for nothing: one
    that finds nothing left to lower is refused and can be used another time. Of two ways that are worth
    the same, the one that uses up fewer claims is taken.
    """
    given = list(cuts)
    usable = sorted((cut for cut in given if cut.refused is None and cut.amount > 0), key=_order)
    ways = [[cut for cut in usable if cut.stacks], *([cut] for cut in usable if not cut.stacks)]
    best = max((_capped(amount, way) for way in ways), key=_worth)
    held = {cut.claim for cut in best}
    out = [cut if cut.refused else replace(cut, refused=_why(cut, best)) for cut in given if cut.claim not in held]
    return Combined(best, sorted((cut for cut in out if cut.claim is not None), key=_order))


def _order(cut: PriceCut) -> tuple[bool, int, str, str, str, str]:
    claim = cut.claim
    kind, value = (claim.kind, claim.value) if claim else ("", "")
    return claim is not None, -cut.amount, kind, value, cut.kind, repr((str(cut.title), sorted(cut.lines.items())))


def _capped(amount: int, way: Sequence[PriceCut]) -> list[PriceCut]:
    """The cuts of one way, each with what it still finds to lower."""
    held: list[PriceCut] = []
    for cut in way:
        taken = min(cut.amount, amount)
        if taken > 0:
            held.append(replace(cut, amount=taken))
            amount -= taken
    return held


def _worth(way: Sequence[PriceCut]) -> tuple[int, int]:
    return sum(cut.amount for cut in way), -sum(cut.claim is not None for cut in way)


def _why(cut: PriceCut, best: Sequence[PriceCut]) -> Text:
    if cut.amount <= 0:
        return _("this lowers nothing here")
    if best and not (cut.stacks and all(one.stacks for one in best)):
        return _('this cannot be used together with "{other}"', other=best[0].title)
    return _("nothing is left to lower")


def standing_apart(cuts: Sequence[PriceCut]) -> PriceCut | None:
    """The first of several cuts that cannot be used together with the others; ``None`` where all can."""
    if len(cuts) < 2:
        return None
    return next((cut for cut in cuts if not cut.stacks), None)


def spread(cuts: Sequence[PriceCut], lines: Mapping[int, int]) -> dict[int, int]:
    """What each line costs after cuts; ``lines`` are amounts by place. Adds up to their sum less the cuts.

    What a cut says of a line falls on it as far as the line goes; the rest is spread over what is left of
    all lines in proportion, the largest remainders first. Lines without prices cost nothing.
    """
    left = dict(lines)
    for cut in cuts:
        rest = min(cut.amount, sum(left.values()))
        for place, part in sorted(cut.lines.items()):
            taken = max(min(part, left.get(place, 0), rest), 0)
            if taken:
                left[place] -= taken
                rest -= taken
        for place, part in zip(left, shares(rest, list(left.values())), strict=True):
            left[place] -= part
    return left
