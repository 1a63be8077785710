"""What can be done with points and every other unit of the ledger."""

from tessera.points.service.earning import PER_AMOUNT, Earning, earn, earn_many
from tessera.points.service.expiring import book_all_expired, book_expired
from tessera.points.service.explaining import explain, explanations
from tessera.points.service.merging import MergeInUse
from tessera.points.service.policy import expires_at, expiry_months, points_for
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
from tessera.points.service.spending import InsufficientBalance, credit, debit
from tessera.points.service.undoing import PointsInUse, undo_batch
from tessera.points.service.verifying import Difference, count_entries, verify

__all__ = [
    "PER_AMOUNT",
    "BalanceFacts",
    "Difference",
    "Earning",
    "EntryFacts",
    "Expiring",
    "InsufficientBalance",
    "MergeInUse",
    "PointsInUse",
    "Returned",
    "TakenBack",
    "available",
    "available_sql",
    "balances",
    "book_all_expired",
    "book_expired",
    "count_entries",
    "credit",
    "debit",
    "earn",
    "earn_many",
    "entries",
    "expires_at",
    "expiry_months",
    "explain",
    "explanations",
    "owed",
    "points_for",
    "take_back",
    "undo_batch",
    "verify",
]
