"""What can be done with purchases, returns and visits."""

from tessera.purchases.service.contract import (
    Buyer,
    LineBack,
    NewLine,
    NewPayment,
    NewPurchase,
    NewReturn,
    OverReturned,
    PointsMoved,
    PurchaseConflict,
    PurchaseUnknown,
    Recorded,
    RecordedReturn,
    ReturnConflict,
    Share,
)
from tessera.purchases.service.orphans import adopt_all
from tessera.purchases.service.reading import (
    LineFacts,
    PurchaseFacts,
    ReturnFacts,
    latest,
    purchase,
    purchases,
    returns_of,
)
from tessera.purchases.service.recording import record_purchase
from tessera.purchases.service.returning import record_return
from tessera.purchases.service.statistics import differing, rebuild
from tessera.purchases.service.visits import NewVisit, record_visit, record_visits

__all__ = [
    "Buyer",
    "LineBack",
    "LineFacts",
    "NewLine",
    "NewPayment",
    "NewPurchase",
    "NewReturn",
    "NewVisit",
    "OverReturned",
    "PointsMoved",
    "PurchaseConflict",
    "PurchaseFacts",
    "PurchaseUnknown",
    "Recorded",
    "RecordedReturn",
    "ReturnConflict",
    "ReturnFacts",
    "Share",
    "adopt_all",
    "differing",
    "latest",
    "purchase",
    "purchases",
    "rebuild",
    "record_purchase",
    "record_return",
    "record_visit",
    "record_visits",
    "returns_of",
]
