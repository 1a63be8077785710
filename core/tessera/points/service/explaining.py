"""Why an entry is there, in a sentence that a member can read."""

from __future__ import annotations

from collections.abc import Callable

from tessera.kernel.texts import LOCALES, translate, use_locale
from tessera.points.earning.saying import explain_earned
from tessera.points.ledger import ERASURE, UNMERGED
from tessera.points.saying import say_amount
from tessera.points.service.reading import EntryFacts
from tessera.points.service.returning import RETURN
from tessera.points.wording import reason_of
from tessera_hooks import Text, _

Explainer = Callable[[EntryFacts], Text | None]
"""What says why an entry is there, from what the entry holds; ``None`` leaves it to the ledger's own words."""

_explainers: dict[str, Explainer] = {}


def register(source: str, explainer: Explainer) -> None:
    """Let entries whose source is this, or begins with it and a dot, be explained by whoever books them."""
    _explainers[source] = explainer


def _explainer(source: str) -> Explainer | None:
    """The explainer of a source; of several that fit, the one with the longest name."""
    while source not in _explainers and "." in source:
        source = source.rpartition(".")[0]
    return _explainers.get(source)


def explain(entry: EntryFacts) -> Text:
    """The sentence for an entry; amounts and days are written as the language in force writes them."""
    asked = _explainer(entry.source)
    said = asked(entry) if asked is not None else None
    return said if said is not None else _own_words(entry)


def _own_words(entry: EntryFacts) -> Text:
    match entry.kind:
        case "earn":
            return explain_earned(entry)
        case _ if entry.source == ERASURE:
            return _("Booked to nothing when the member was erased")
        case "reverse" if entry.source == RETURN:
            return _returned(entry)
        case "credit" | "debit" | "extend" | "reverse":
            return _by_someone(entry)
        case "take_back":
            return _returned(entry)
        case "expire":
            return _("Expired before it was spent")
        case "transfer":
            return _transferred(entry)
        case _ if entry.source == UNMERGED:
            return _("Given back when a merge was undone")
        case _:
            return _("Taken back together with an import")


def explanations(entry: EntryFacts) -> dict[str, str]:
    """The sentence in every language of the interface."""
    said = {}
    for locale in LOCALES:
        with use_locale(locale):
            said[locale] = translate(explain(entry))
    return said


def _by_someone(entry: EntryFacts) -> Text:
    """What staff, a program or a plugin booked, for the reason that it gave."""
    known = {"actor": entry.actor, "reason": reason_of(entry.reason, entry.facts)}
    match entry.kind:
        case "credit":
            return _("Credited by {actor}: {reason}", **known)
        case "debit" if entry.debt_change:
            owed = say_amount(entry.debt_change, entry.unit)
            return _("Spent through {actor}: {reason}; {owed} of it are owed", owed=owed, **known)
        case "debit":
            return _("Spent through {actor}: {reason}", **known)
        case "extend":
            return _("Prolonged by {actor}: {reason}", **known)
        case _ if entry.amount > 0:
            return _("A redemption was taken back by {actor}: {reason}", **known)
        case _ if entry.forgiven:
            forgiven = say_amount(entry.forgiven, entry.unit)
            return _(
                "Taken back by {actor}: {reason}; {forgiven} had expired and are forgiven", forgiven=forgiven, **known
            )
        case _:
            return _("Taken back by {actor}: {reason}", **known)


def _transferred(entry: EntryFacts) -> Text:
    if entry.source == UNMERGED:
        return _("Spent after a merge that was undone, paid by whoever had spent it")
    if entry.amount == 0:
        return _("What was owed was paid out of what was there")
    if entry.amount < 0:
        return _("Paid what was owed on another account of the same member")
    return _("What was owed was paid from another account of the same member")


def _returned(entry: EntryFacts) -> Text:
    owed, forgiven = say_amount(entry.debt_change, entry.unit), say_amount(entry.forgiven, entry.unit)
    if entry.debt_change and entry.forgiven:
        return _(
            "Taken back for a return; {owed} had been spent and are owed, {forgiven} had expired and are forgiven",
            owed=owed,
            forgiven=forgiven,
        )
    if entry.debt_change:
        return _("Taken back for a return; {owed} had been spent and are owed", owed=owed)
    if entry.forgiven:
        return _("Taken back for a return; {forgiven} had expired and are forgiven", forgiven=forgiven)
    return _("Taken back for a return")
