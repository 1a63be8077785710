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
from tessera.purchases.service.checking import line_amount
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
from tessera.purchases.service.remembering import KnownArticle, known_article, recent_articles
from tessera.purchases.service.returning import record_return
from tessera.purchases.service.statistics import differing, rebuild
from tessera.purchases.service.visits import NewVisit, record_visit, record_visits

__all__ = [
    "Buyer",
    "KnownArticle",
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
    "known_article",
    "latest",
    "line_amount",
    "purchase",
    "purchases",
    "rebuild",
    "recent_articles",
    "record_purchase",
    "record_return",
    "record_visit",
    "record_visits",
    "returns_of",
]
