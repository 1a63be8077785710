"""The contract between Tessera and its plugins: values and hook specifications, nothing of the core."""

from tessera_hooks.bringing import Entitlement, EntitlementField, EntitlementKind
from tessera_hooks.conditions import AllOf, AnyOf, Compare, Condition, Fact, Not, Param
from tessera_hooks.earning import Award, EarningRule, EarningSpec, Factor, Fixed, Hours, PerAmount, Rate
from tessera_hooks.events import Event, Happened, Job, Reaction, TimelineEntry, TimelineReader
from tessera_hooks.manifest import API, OLDEST_API, Manifest
from tessera_hooks.marking import hookimpl, hookspec
from tessera_hooks.members import Merging
from tessera_hooks.pages import Screen, Slot
from tessera_hooks.permissions import Permission, Role
from tessera_hooks.records import (
    Band,
    Bands,
    ChoiceField,
    DateField,
    Derived,
    Measure,
    Person,
    RecordType,
    TextField,
    YesNoField,
)
from tessera_hooks.rewards import Redeeming, RewardKind
from tessera_hooks.rules import (
    AddTag,
    Cause,
    Daily,
    MessageTemplate,
    MoveStage,
    OpenTask,
    Parameter,
    RemoveTag,
    Rule,
    SendMessage,
)
from tessera_hooks.selling import (
    AwardLine,
    Basket,
    Claim,
    ClaimKind,
    PaymentMethod,
    PriceCut,
    Returning,
    Settled,
    Settling,
    Tender,
)
from tessera_hooks.starting import SampleData, StarterSet
from tessera_hooks.texts import Text, _
from tessera_hooks.tiers import TierMetric
from tessera_hooks.units import Expiry, Unit

__all__ = [
    "API",
    "OLDEST_API",
    "AddTag",
    "AllOf",
    "AnyOf",
    "Award",
    "AwardLine",
    "Band",
    "Bands",
    "Basket",
    "Cause",
    "ChoiceField",
    "Claim",
    "ClaimKind",
    "Compare",
    "Condition",
    "Daily",
    "DateField",
    "Derived",
    "EarningRule",
    "EarningSpec",
    "Entitlement",
    "EntitlementField",
    "EntitlementKind",
    "Event",
    "Expiry",
    "Fact",
    "Factor",
    "Fixed",
    "Happened",
    "Hours",
    "Job",
    "Manifest",
    "Measure",
    "Merging",
    "MessageTemplate",
    "MoveStage",
    "Not",
    "OpenTask",
    "Param",
    "Parameter",
    "PaymentMethod",
    "PerAmount",
    "Permission",
    "Person",
    "PriceCut",
    "Rate",
    "Reaction",
    "RecordType",
    "Redeeming",
    "RemoveTag",
    "Returning",
    "RewardKind",
    "Role",
    "Rule",
    "SampleData",
    "Screen",
    "SendMessage",
    "Settled",
    "Settling",
    "Slot",
    "StarterSet",
    "Tender",
    "Text",
    "TextField",
    "TierMetric",
    "TimelineEntry",
    "TimelineReader",
    "Unit",
    "YesNoField",
    "_",
    "hookimpl",
    "hookspec",
]
