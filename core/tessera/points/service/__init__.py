"""What can be done with points and every other unit of the ledger."""

from tessera.points.earning.known import Known
from tessera.points.service.deeds import DeedDone, note_deed, record_deed
from tessera.points.service.deeds_back import Gone, deeds_known, hold_points, take_back_deeds
from tessera.points.service.earning import PER_AMOUNT, Earning, Expected, earn, earn_many, look, would_earn
from tessera.points.service.expiring import book_all_expired, book_expired, book_for_a_while
from tessera.points.service.explaining import explain, explanations
from tessera.points.service.merging import MergeInUse
from tessera.points.service.reading import (
    BalanceFacts,
    EntryFacts,
    Expiring,
    available,
    available_sql,
    balances,
    entries,
    owed,
)
from tessera.points.service.returning import Returned, TakenBack, take_back
from tessera.points.service.reversing import AlreadyReversed, NotReversible
from tessera.points.service.spending import LARGEST, InsufficientBalance, credit, debit
from tessera.points.service.undoing import PointsInUse, undo_batch
from tessera.points.service.verifying import Difference, count_entries, verify
from tessera.points.units import BY_POLICY

__all__ = [
    "BY_POLICY",
    "LARGEST",
    "PER_AMOUNT",
    "AlreadyReversed",
    "BalanceFacts",
    "DeedDone",
    "Difference",
    "Earning",
    "EntryFacts",
    "Expected",
    "Expiring",
    "Gone",
    "InsufficientBalance",
    "Known",
    "MergeInUse",
    "NotReversible",
    "PointsInUse",
    "Returned",
    "TakenBack",
    "available",
    "available_sql",
    "balances",
    "book_all_expired",
    "book_expired",
    "book_for_a_while",
    "count_entries",
    "credit",
    "debit",
    "deeds_known",
    "earn",
    "earn_many",
    "entries",
    "explain",
    "explanations",
    "hold_points",
    "look",
    "note_deed",
    "owed",
    "record_deed",
    "take_back",
    "take_back_deeds",
    "undo_batch",
    "verify",
    "would_earn",
]
