"""Why an entry of the wallet's units is there, in a sentence that a member can read."""

from __future__ import annotations

from collections.abc import Callable

from tessera.plugin import ledger, say_money
from tessera_hooks import Text, _
from tessera_wallet import units

Entry = ledger.EntryFacts


def explain(entry: Entry) -> Text | None:
    """The sentence for an entry; ``None`` leaves it to the ledger's own words, as for what has expired."""
    if entry.kind not in ("earn", "credit", "debit", "reverse"):
        return None
    say = _SAYING.get(entry.source)
    return say(entry) if say is not None else None


def _recharge(entry: Entry) -> Text | None:
    facts = entry.facts
    if not entry.unit.startswith((units.PRINCIPAL, units.BONUS)):
        return None
    paid = say_money(facts["paid"], facts["currency"])
    if entry.unit.startswith(units.PRINCIPAL):
        return _("Paid in: recharge of {paid}", paid=paid)
    if facts.get("offer"):
        return _("Bonus on a recharge of {paid}: {offer}", paid=paid, offer=facts["offer"])
    return _("Bonus on a recharge of {paid}", paid=paid)


def _paid(entry: Entry) -> Text | None:
    return _("Given back for a return") if entry.amount > 0 else _("Paid with stored value")


def _refund(entry: Entry) -> Text | None:
    if entry.unit.startswith(units.BONUS):
        return _("Lapsed because its recharge was paid out")
    if not entry.unit.startswith(units.PRINCIPAL):
        return None
    kept = entry.facts.get("kept", 0)
    if kept:
        return _(
            "Paid out: {reason}; {kept} of it stayed for bonus that had been spent",
            reason=entry.reason,
            kept=say_money(kept, entry.facts["currency"]),
        )
    return _("Paid out: {reason}", reason=entry.reason)


def _pack(entry: Entry) -> Text | None:
    facts = entry.facts
    if facts.get("gifted"):
        return _(
            "Pack {title}: {bought} sessions and {gifted} on top",
            title=facts["title"],
            bought=facts["bought"],
            gifted=facts["gifted"],
        )
    return _("Pack {title}: {bought} sessions", title=facts["title"], bought=facts.get("bought", entry.amount))


def _used(entry: Entry) -> Text | None:
    if entry.amount > 0:
        return _("Session given back: {reason}", reason=entry.reason)
    if entry.facts.get("other"):
        return _("Session of {title} used by someone of the household", title=entry.facts["title"])
    return _("Session of {title} used", title=entry.facts["title"])


def _taken_back(entry: Entry) -> Text | None:
    facts = entry.facts
    return _(
        "Pack {title} taken back: {amount} for {unused} sessions",
        title=facts["title"],
        amount=say_money(facts["amount"], facts["currency"]),
        unused=facts["unused"],
    )


def _again(entry: Entry) -> Text | None:
    return _("Can be used again: {reason}", reason=entry.reason)


_SAYING: dict[str, Callable[[Entry], Text | None]] = {
    "wallet.recharge": _recharge,
    "wallet.stored_value": _paid,
    "wallet.refund": _refund,
    "wallet.pack": _pack,
    "wallet.pack_use": _used,
    "wallet.pack_refund": _taken_back,
    "wallet.pack_extension": _again,
}
