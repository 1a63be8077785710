"""What can be done with rewards: keep the catalogue, redeem, hand over, cancel."""

from tessera.points.rewards.service.catalogue import (
    catalogue,
    change_reward,
    choices_of,
    kind_title,
    make_reward,
    reward,
    stores_here,
)
from tessera.points.rewards.service.contract import (
    AlreadyCancelled,
    AlreadyHandedOver,
    NewReward,
    Offer,
    RedemptionFacts,
    RedemptionUnknown,
    RewardFacts,
    RewardLimitReached,
    RewardNotOffered,
    RewardOutOfStock,
    RewardTaken,
    RewardUnknown,
    RewardUsed,
    StaleReward,
)
from tessera.points.rewards.service.offering import offers, offers_of
from tessera.points.rewards.service.periods import PERIODS
from tessera.points.rewards.service.reading import redemption, redemptions
from tessera.points.rewards.service.redeeming import REDEEMED, Redeemed, redeem
from tessera.points.rewards.service.settling import cancel, hand_over, left

__all__ = [
    "PERIODS",
    "REDEEMED",
    "AlreadyCancelled",
    "AlreadyHandedOver",
    "NewReward",
    "Offer",
    "Redeemed",
    "RedemptionFacts",
    "RedemptionUnknown",
    "RewardFacts",
    "RewardLimitReached",
    "RewardNotOffered",
    "RewardOutOfStock",
    "RewardTaken",
    "RewardUnknown",
    "RewardUsed",
    "StaleReward",
    "cancel",
    "catalogue",
    "change_reward",
    "choices_of",
    "hand_over",
    "kind_title",
    "left",
    "make_reward",
    "offers",
    "offers_of",
    "redeem",
    "redemption",
    "redemptions",
    "reward",
    "stores_here",
]
