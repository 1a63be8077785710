"""Members who may be one person: found on entry and on import, with the reason, never joined by themselves."""

from tessera.members.service.duplicates.finding import Likeness, alike, catch_up, follow, refresh_keys
from tessera.members.service.duplicates.pairs import (
    Pair,
    PairUnknown,
    count_open,
    dismiss,
    note_entered,
    note_new,
    note_torn,
    open_pairs,
    pair,
    pairs_of,
)
from tessera.members.service.duplicates.scoring import REASONS
from tessera.members.service.duplicates.traits import Traits, keys, traits
from tessera.members.service.duplicates.typed import Known, known_alike

__all__ = [
    "REASONS",
    "Known",
    "Likeness",
    "Pair",
    "PairUnknown",
    "Traits",
    "alike",
    "catch_up",
    "count_open",
    "dismiss",
    "follow",
    "keys",
    "known_alike",
    "note_entered",
    "note_new",
    "note_torn",
    "open_pairs",
    "pair",
    "pairs_of",
    "refresh_keys",
    "traits",
]
