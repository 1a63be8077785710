"""What can be done with purchases, returns and visits."""

from tessera.purchases.service.checking import line_amount
from tessera.purchases.service.claiming import claim_by_code, claim_days, claim_purchase
from tessera.purchases.service.codes import shown_code
from tessera.purchases.service.contract import (
    Buyer,
    Claimed,
    ClaimTooLate,
    LineBack,
    NewLine,
    NewPayment,
    NewPurchase,
    NewReturn,
    OverReturned,
    PointsMoved,
    PurchaseConflict,
    PurchaseHasMember,
    PurchaseUnknown,
    Recorded,
    RecordedReturn,
    ReturnConflict,
    Share,
    TierMoved,
)
from tessera.purchases.service.methods import Way, method_titles, own_methods, plugin_methods, ways_to_pay
from tessera.purchases.service.orphans import adopt_all
from tessera.purchases.service.participating import (
    register_returned,
    register_settled,
    register_tier_then,
    register_tier_title,
    tier_title,
)
from tessera.purchases.service.previewing import Preview, preview
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
from tessera.purchases.service.staff_report import StaffSales, staff_sales
from tessera.purchases.service.statistics import differing, rebuild
from tessera.purchases.service.visits import NewVisit, record_visit, record_visits
from tessera.purchases.service.windows import Window, windows

__all__ = [
    "Buyer",
    "ClaimTooLate",
    "Claimed",
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
    "Preview",
    "PurchaseConflict",
    "PurchaseFacts",
    "PurchaseHasMember",
    "PurchaseUnknown",
    "Recorded",
    "RecordedReturn",
    "ReturnConflict",
    "ReturnFacts",
    "Share",
    "StaffSales",
    "TierMoved",
    "Way",
    "Window",
    "adopt_all",
    "claim_by_code",
    "claim_days",
    "claim_purchase",
    "differing",
    "known_article",
    "latest",
    "line_amount",
    "method_titles",
    "own_methods",
    "plugin_methods",
    "preview",
    "purchase",
    "purchases",
    "rebuild",
    "recent_articles",
    "record_purchase",
    "record_return",
    "record_visit",
    "record_visits",
    "register_returned",
    "register_settled",
    "register_tier_then",
    "register_tier_title",
    "returns_of",
    "shown_code",
    "staff_sales",
    "tier_title",
    "ways_to_pay",
    "windows",
]
