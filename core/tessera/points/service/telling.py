"""An entry told in full: why it is there, which lots it drew on, what became of what it brought, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from tessera.kernel.texts import LOCALES, translate, use_locale
from tessera.points.ledger import POINTS
from tessera.points.saying import say_amount, say_day, say_last_day
from tessera.points.service.explaining import explain
from tessera.points.service.tracing import LotPart, Trace
from tessera_hooks import Text, _

NAMED = 3
"""Lots that a sentence names one by one."""


def tell(trace: Trace) -> Text:
    """All there is to say of an entry, in one sentence; amounts and days as the language in force writes them."""
    return _joined([explain(trace.entry), *details(trace)])


def tell_everywhere(trace: Trace) -> dict[str, str]:
    """The sentence in every language of the interface."""
    said = {}
    for locale in LOCALES:
        with use_locale(locale):
            said[locale] = translate(tell(trace))
    return said


def details(trace: Trace) -> list[Text]:
    """What became of what an entry brought, or where it took it from; nothing beside its reason."""
    told: list[Text] = []
    for lot in trace.opened:
        told += _brought(trace, lot)
    if trace.drawn:
        told += _drew(trace)
    if trace.entry.kind == "reverse" and trace.entry.debt_change:
        told.append(_debt(trace))
    if trace.entry.kind == "extend" and trace.entry.moves_to is not None:
        told.append(_("until {day}", day=say_last_day(trace.entry.moves_to)))
    if trace.entry.kind == "reverse" and trace.entry.facts.get("gone"):
        told.append(_gone(trace))
    if trace.reversed:
        told.append(_("{n} of it have been taken back", n=_n(trace, trace.reversed)))
    return told


def _n(trace: Trace, amount: int) -> str:
    return say_amount(amount, trace.entry.unit)


def _brought(trace: Trace, lot: LotPart) -> Iterable[Text]:
    """What is left of a credit, and until when."""
    paid = sum(one.amount for one in trace.consumed_by if one.kind == "debt")
    if paid and trace.entry.kind != "earn":
        yield _("{n} of it paid what was owed", n=_n(trace, paid))
    expired = sum(one.amount for one in trace.consumed_by if one.kind == "expire")
    over = lot.expires_at is not None and lot.expires_at <= trace.now
    if over:
        expired += lot.remaining
    if expired and lot.expires_at is not None:
        yield _("{n} of it expired after {day}", n=_n(trace, expired), day=say_last_day(lot.expires_at))
    if over and expired:
        return
    if over or lot.remaining == 0:
        yield _("nothing of it is left")
        return
    if lot.opens_at > trace.now:
        yield _("it can be spent from {day}", day=say_day(lot.opens_at))
    if lot.expires_at is None:
        yield _("{n} of it are left and never expire", n=_n(trace, lot.remaining))
    else:
        yield _("{n} of it are left until {day}", n=_n(trace, lot.remaining), day=say_last_day(lot.expires_at))


def _drew(trace: Trace) -> Iterable[Text]:
    """From what an entry took, or into what it gave back."""
    parts = [lot for lot in trace.drawn if lot.amount]
    if not parts:
        return
    back = parts[0].amount < 0
    if len(parts) > NAMED:
        first = min(lot.at for lot in parts)
        total = sum(abs(lot.amount) for lot in parts)
        known = {"n": _n(trace, total), "lots": len(parts), "day": say_day(first)}
        if back:
            yield _("{n} go back to {lots} credits since {day}", **known)
        else:
            yield _("{n} come from {lots} credits since {day}", **known)
        return
    for lot in parts:
        one = {"n": _n(trace, abs(lot.amount)), "day": say_day(lot.at)}
        if back:
            yield _("{n} go back to the credit of {day}", **one)
        else:
            yield _("{n} come from the credit of {day}", **one)


def _debt(trace: Trace) -> Text:
    """What is owed since an entry was taken back, or is owed no longer."""
    changed = trace.entry.debt_change
    if changed < 0:
        return _("{n} of it paid what was owed", n=_n(trace, -changed))
    if trace.entry.unit == POINTS:
        return _("{n} are owed: the next points pay them first", n=_n(trace, changed))
    return _("{n} are owed: what comes next pays them first", n=_n(trace, changed))


def _gone(trace: Trace) -> Text:
    """What the policy says of lots that had expired when a redemption was taken back."""
    amount, days = _n(trace, trace.entry.facts["gone"]), trace.entry.facts["days"]
    if days and trace.entry.moves_to is not None:
        day = say_last_day(trace.entry.moves_to)
        return _("{n} had expired meanwhile and are given back until {day}", n=amount, day=day)
    return _("{n} had expired meanwhile and are not given back", n=amount)


def _joined(parts: list[Text]) -> Text:
    return reduce(lambda said, more: _("{said}; {more}", said=said, more=more), parts)
