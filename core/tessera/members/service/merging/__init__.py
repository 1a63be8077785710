"""Two members who are one person: merging them, choosing between their fields, and undoing it."""

from tessera.members.service.merging.comparing import Compared, Comparison, preview, register_question
from tessera.members.service.merging.fields import Side
from tessera.members.service.merging.history import MergeUnknown, MergeView, merge_view, merges_of, recent_merges
from tessera.members.service.merging.joining import Merged, SameMember, merge
from tessera.members.service.merging.parting import MergeCovered, MergeUndone, Undone, undo

__all__ = [
    "Compared",
    "Comparison",
    "MergeCovered",
    "MergeUndone",
    "MergeUnknown",
    "MergeView",
    "Merged",
    "SameMember",
    "Side",
    "Undone",
    "merge",
    "merge_view",
    "merges_of",
    "preview",
    "recent_merges",
    "register_question",
    "undo",
]
