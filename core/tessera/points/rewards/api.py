"""Rewards and redemptions as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera.kernel.texts import current_locale
from tessera.members.service import need_visible
from tessera.points.rewards import service


class RewardOut(msgspec.Struct):
    """A reward; ``title`` and ``description`` in the language of the request, ``stores`` by code, empty for all.

    ``price``, ``affordable`` and ``reason`` (the code of what stands against it) are those of the member who
    was asked for.
    """

    code: str
    title: str
    description: str
    kind: str
    points: int
    tiers: dict[str, int]
    stock: int | None
    limit_per_member: int | None
    limit_period: str | None
    stores: list[str]
    since: datetime | None = msgspec.field(name="from")
    until: datetime | None
    enabled: bool
    version: int
    detail: dict[str, int | str]
    price: int | msgspec.UnsetType = msgspec.UNSET
    affordable: bool | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType | None = msgspec.UNSET

    @classmethod
    def of(cls, reward: service.RewardFacts, offer: service.Offer | None = None) -> RewardOut:
        """A reward as programs see it."""
        stores = [store.code for store in access.stores_known() if store.id in reward.stores]
        names = ("code", "kind", "points", "stock", "until", "since", "enabled", "version")
        made = cls(
            **{name: getattr(reward, name) for name in names},
            title=reward.name,
            description=reward.words,
            tiers=dict(reward.tiers),
            limit_per_member=reward.member_limit,
            limit_period=reward.period or None,
            stores=stores,
            detail=dict(reward.detail),
        )
        if offer is not None:
            made.price, made.affordable, made.reason = offer.price, offer.affordable, offer.refused
        return made


class RewardList(msgspec.Struct):
    """A page of rewards."""

    items: list[RewardOut]
    next: str | None


class RewardIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A reward as a program writes it down.

    ``title`` and ``description`` by language, or one text in the language of the request. ``amount`` is the
    money off in minor units, ``choice`` what of a plugin's kind is handed out. ``version`` is that of the reward
    as it was read; without one it must be new.
    """

    title: str | dict[str, str]
    points: int
    description: str | dict[str, str] = ""
    kind: str = "goods"
    choice: str | None = None
    amount: int | None = None
    tiers: dict[str, int] = {}
    stock: int | None = None
    limit_per_member: int | None = None
    limit_period: Literal["day", "week", "month", "year"] | None = None
    stores: list[str] = []
    since: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None
    enabled: bool = True
    version: int | None = None


class RedemptionIn(msgspec.Struct, forbid_unknown_fields=True):
    """Which reward, by its code; ``store`` where it is handed out, else where the key works."""

    reward: str
    store: str | None = None


class RedemptionOut(msgspec.Struct):
    """A redemption; ``code`` is shown to pick it up, ``given`` is what a plugin gave for it.

    ``available`` is what the member has now.
    """

    id: UUID
    reward: str
    title: str
    member: UUID
    points: int
    available: int
    code: str
    given: str | None
    status: str
    store: str | None
    at: datetime
    reason: str | None = None


class RedemptionLine(msgspec.Struct):
    """A redemption in a list; without the code of one that waits, which only its member shows."""

    id: UUID
    reward: str
    title: str
    member: UUID
    points: int
    status: str
    store: str | None
    at: datetime
    handed_over_at: datetime | None
    cancelled_at: datetime | None


class RedemptionList(msgspec.Struct):
    """A page of redemptions."""

    items: list[RedemptionLine]
    next: UUID | None


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    """Why a redemption is cancelled."""

    reason: str


Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@get("/rewards", permission="points.read")
async def list_rewards(
    member: FromQuery[UUID | None] = None, cursor: FromQuery[str] = "", limit: Limit = 50
) -> RewardList:
    """The rewards that are offered or will be, by code; with ``member`` also what they cost that member."""
    found = await service.catalogue(after=cursor, limit=limit + 1, enabled=True, at=clock.now())
    page, more = found[:limit], found[limit - 1].code if len(found) > limit else None
    if member is None:
        return RewardList([RewardOut.of(reward) for reward in page], more)
    member = await need_visible(member, "points.read")
    offers = await service.offers_of(member, page)
    return RewardList([RewardOut.of(offer.reward, offer) for offer in offers], more)


@put("/rewards/{code:str}", permission="settings.write")
async def keep_reward(code: FromPath[str], data: JSONBody[RewardIn]) -> RewardOut:
    """Add a reward to the catalogue, or change the one of this code."""
    new = service.NewReward(
        code=code,
        title=_texts(data.title),
        description=_texts(data.description),
        stores=[_store(store) for store in data.stores],
        period=data.limit_period or "",
        member_limit=data.limit_per_member,
        **{
            name: getattr(data, name)
            for name in ("points", "kind", "choice", "amount", "tiers", "stock", "since", "until", "enabled")
        },
    )
    if data.version is None:
        return RewardOut.of(await service.make_reward(new))
    before = await service.reward(code)
    return RewardOut.of(await service.change_reward(new, version=data.version, stock_was=before.stock))


def _texts(given: str | dict[str, str]) -> dict[str, str]:
    texts = {current_locale(): given} if isinstance(given, str) else given
    return {locale: " ".join(text.split()) for locale, text in texts.items() if text.strip()}


def _store(code: str) -> UUID:
    try:
        return access.store_by_code(code).id
    except NotFound as problem:
        raise Invalid(problem.message, [FieldError("stores", problem.message)]) from None


@get("/members/{member:uuid}/redemptions", permission="points.read")
async def list_redemptions(
    member: FromPath[UUID], cursor: FromQuery[UUID | None] = None, limit: Limit = 50
) -> RedemptionList:
    """What a member redeemed, the newest first."""
    member = await need_visible(member, "points.read")
    found = await service.redemptions(member=member, before=cursor, limit=limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return RedemptionList([_line(one) for one in found[:limit]], more)


def _line(one: service.RedemptionFacts) -> RedemptionLine:
    store = access.store_of(one.store)
    names = ("id", "reward", "member", "points", "status", "at", "handed_over_at", "cancelled_at")
    same = {name: getattr(one, name) for name in names}
    return RedemptionLine(**same, title=one.name, store=store.code if store else None)


@post("/members/{member:uuid}/redemptions", permission="points.write")
async def redeem(member: FromPath[UUID], data: JSONBody[RedemptionIn]) -> RedemptionOut:
    """Give a member a reward for their points."""
    member = await need_visible(member, "points.write")
    store = access.store_for(data.store, "points.write") if data.store else access.store_of(actor().store)
    done = await service.redeem(member, data.reward, store=store.id if store else None)
    return RedemptionOut(
        done.id,
        done.reward.code,
        done.reward.name,
        member,
        done.points,
        done.available,
        done.code,
        done.given,
        done.status,
        store.code if store else None,
        done.at,
    )


@post("/redemptions/{redeemed:uuid}/cancel", permission="points.write", status_code=200)
async def cancel(redeemed: FromPath[UUID], data: JSONBody[Reason]) -> RedemptionOut:
    """Cancel a redemption: its points go back where they came from."""
    return await _settled(await service.cancel(redeemed, data.reason))


@post("/redemptions/{redeemed:uuid}/hand-over", permission="points.write", status_code=200)
async def hand_over(redeemed: FromPath[UUID]) -> RedemptionOut:
    """Note that the member has what they redeemed."""
    return await _settled(await service.hand_over(redeemed))


async def _settled(one: service.RedemptionFacts) -> RedemptionOut:
    store = access.store_of(one.store)
    names = ("id", "reward", "member", "points", "code", "given", "status", "at", "reason")
    return RedemptionOut(
        **{name: getattr(one, name) for name in names},
        title=one.name,
        available=await service.left(one),
        store=store.code if store else None,
    )


handlers = [list_rewards, keep_reward, list_redemptions, redeem, cancel, hand_over]
