"""What the catalogue of rewards and redemptions speak in: values in, facts out, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.kernel.errors import Conflict, NotFound
from tessera.kernel.texts import own_text


class RewardUnknown(NotFound):
    """There is no such reward, or none for this actor."""

    code = "reward_unknown"


class RewardTaken(Conflict):
    """A reward of that code exists."""

    code = "reward_taken"


class StaleReward(Conflict):
    """The reward was changed since it was read."""

    code = "stale_version"


class RewardNotOffered(Conflict):
    """The reward is not offered at this moment."""

    code = "reward_not_offered"


class RewardOutOfStock(Conflict):
    """Nothing is left of the reward."""

    code = "reward_out_of_stock"


class RewardLimitReached(Conflict):
    """The member had the reward as often as it is given; ``limit`` says how often that is."""

    code = "reward_limit_reached"


class RedemptionUnknown(NotFound):
    """There is no such redemption, or none that this actor may see."""

    code = "redemption_unknown"


class AlreadyCancelled(Conflict):
    """The redemption was cancelled before."""

    code = "already_cancelled"


class AlreadyHandedOver(Conflict):
    """The redemption was handed over before."""

    code = "already_handed_over"


class RewardUsed(Conflict):
    """The reward has lowered the price of a purchase."""

    code = "reward_used"


@dataclass(frozen=True, kw_only=True)
class NewReward:
    """A reward as someone writes it down.

    ``title`` and ``description`` by language; ``tiers`` the price by a tier's code. ``choice`` is what of a
    plugin's kind is handed out, ``amount`` the money off in minor units of the business's currency. ``until``
    is the first moment at which it is no longer offered. Without ``stores`` all hand it out.
    """

    code: str
    title: Mapping[str, str]
    points: int
    description: Mapping[str, str] = field(default_factory=dict)
    kind: str = "goods"
    choice: str | None = None
    amount: int | None = None
    tiers: Mapping[str, int] = field(default_factory=dict)
    stock: int | None = None
    member_limit: int | None = None
    period: str = ""
    stores: Sequence[UUID] = ()
    since: datetime | None = None
    until: datetime | None = None
    enabled: bool = True


@dataclass(frozen=True)
class RewardFacts:
    """A reward of the catalogue; ``stores`` is empty where all hand it out."""

    id: UUID
    code: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    kind: str
    detail: Mapping[str, Any]
    points: int
    tiers: Mapping[str, int]
    stock: int | None
    member_limit: int | None
    period: str
    since: datetime | None
    until: datetime | None
    enabled: bool
    version: int
    plugin: str
    stores: tuple[UUID, ...]

    @property
    def name(self) -> str:
        """How it is called in the language in force."""
        return own_text(self.title, self.code)

    @property
    def words(self) -> str:
        """What is said of it in the language in force."""
        return own_text(self.description)

    @property
    def cheapest(self) -> int:
        """The lowest price that anyone pays."""
        return min([self.points, *self.tiers.values()])

    def price(self, tier: str | None) -> int:
        """What it costs a member of a tier."""
        return self.tiers.get(tier, self.points) if tier is not None else self.points

    def is_open(self, at: datetime) -> bool:
        """Whether it is offered at a moment, as far as its days go."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def is_in(self, store: UUID | None) -> bool:
        """Whether a store hands it out; without a store, whether all do."""
        return not self.stores or store in self.stores


@dataclass(frozen=True)
class Offer:
    """A reward as one member sees it: the price, and the code of what stands against it, if anything does."""

    reward: RewardFacts
    price: int
    refused: str | None

    @property
    def affordable(self) -> bool:
        """Whether the member can have it now."""
        return self.refused is None


@dataclass(frozen=True)
class RedemptionFacts:
    """A redemption as people read it; ``reward`` is the code, ``title`` what the reward is called."""

    id: UUID
    reward: str
    title: Mapping[str, str]
    kind: str
    detail: Mapping[str, Any]
    member: UUID
    account: UUID
    entry: UUID
    points: int
    store: UUID | None
    actor: str
    code: str
    status: str
    given: str | None
    at: datetime
    handed_over_at: datetime | None
    handed_over_by: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    reason: str | None

    @property
    def name(self) -> str:
        """How the reward is called in the language in force."""
        return own_text(self.title, self.reward)
