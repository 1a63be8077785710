"""Why points went for a reward, or came back."""

from __future__ import annotations

from tessera.kernel.texts import own_text
from tessera.points.service import EntryFacts
from tessera_hooks import Text, _


def explain_redemption(entry: EntryFacts) -> Text:
    """The sentence for an entry of a redemption, from what the entry holds."""
    reward = own_text(entry.facts["title"], entry.facts["reward"])
    if entry.kind == "debit":
        return _("Redeemed for {reward}", reward=reward)
    return _("Given back: {reward} was cancelled", reward=reward)
