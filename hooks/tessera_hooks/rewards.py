"""What plugins hand out for points."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True, kw_only=True)
class Redeeming:
    """A reward that a member has just redeemed; ``detail`` is what the catalogue says of its kind."""

    redemption: UUID
    reward: str
    member: UUID
    store: UUID | None
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RewardKind:
    """A kind of reward that a plugin hands out, by its name without the plugin: a coupon, a class.

    ``give`` is awaited in the transaction that takes the points; it answers what the member is told (a coupon's
    code), or nothing, and may refuse. ``take_back`` is awaited when the redemption is cancelled, and refuses
    where what was given is used. ``choices`` answers what the catalogue may hand out: codes and how they are called.
    """

    name: str
    title: Text
    give: Callable[[Redeeming], Awaitable[str | None]]
    take_back: Callable[[Redeeming], Awaitable[None]]
    choices: Callable[[], Awaitable[Mapping[str, Text]]] | None = None


@hookspec
def reward_kinds() -> list[RewardKind]:  # type: ignore[empty-body]
    """Declare kinds of rewards that the plugin hands out for points.

    Called once at start; the catalogue of rewards offers them where the plugin is enabled.

    Example::

        @hookimpl
        def reward_kinds():
            return [RewardKind("coupon", _("Coupon"), service.give, service.take_back)]
    """
