"""The catalogue: what rewards there are, and changing them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES
from tessera.points.rewards.kinds import CASH_OFF, Kind, kind_named, kinds
from tessera.points.rewards.service.contract import NewReward, RewardFacts, RewardTaken, RewardUnknown, StaleReward
from tessera.points.rewards.service.periods import PERIODS
from tessera.points.terms import LAST_YEAR
from tessera_hooks import Text, _

LARGEST = 10**12
EARLIEST = 1900
"""The first year in which a reward can have been offered."""

LONGEST_TITLE, LONGEST_DESCRIPTION = 80, 500

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")

_COLUMNS = (
    "id, code, title, description, kind, detail, points, tiers, stock, member_limit, period, since, until, enabled, "
    "version, plugin"
)

SELECT = (
    f"SELECT {_COLUMNS}, ARRAY(SELECT s.store FROM reward_store s WHERE s.reward = r.id ORDER BY s.store) AS stores "
    "FROM reward r"
)

IN_STORES = (
    "($1::uuid[] IS NULL OR NOT EXISTS (SELECT 1 FROM reward_store s WHERE s.reward = r.id) "
    "OR EXISTS (SELECT 1 FROM reward_store s WHERE s.reward = r.id AND s.store = ANY($1)))"
)
"""Rewards that one of some stores hands out."""

_INSERT = f"""
INSERT INTO reward ({_COLUMNS}, changed_at)
VALUES ($1, $2, $3::jsonb, $4::jsonb, $5, $6::jsonb, $7, $8::jsonb, $9, $10, $11, $12, $13, $14, 1, $15, $16)
ON CONFLICT (code) DO NOTHING RETURNING id
"""

_UPDATE = """
UPDATE reward SET title = $2::jsonb, description = $3::jsonb, kind = $4, detail = $5::jsonb, points = $6,
    tiers = $7::jsonb, member_limit = $8, period = $9, since = $10, until = $11, enabled = $12, plugin = $13,
    changed_at = $14, version = version + 1
WHERE code = $1 AND version = $15 RETURNING id
"""

_RESTOCK = """
UPDATE reward SET stock = CASE WHEN $2::bigint IS NULL OR stock IS NULL OR $3::bigint IS NULL THEN $2
                               ELSE greatest(stock + $2 - $3, 0) END
WHERE id = $1
"""
"""Stock as someone set it who had seen another number: what was handed out meanwhile stays taken off."""


def fact_of(row: Any) -> RewardFacts:
    """A reward from its row."""
    return RewardFacts(**{**dict(row), "stores": tuple(row["stores"])})


def stores_here() -> list[UUID] | None:
    """The stores whose rewards the actor may know of; ``None`` means all."""
    mine = actor().stores
    return None if mine is None else sorted(mine)


async def catalogue(
    *, after: str = "", limit: int = 200, enabled: bool | None = None, at: datetime | None = None
) -> list[RewardFacts]:
    """The rewards of the actor's stores by code; with ``at`` those whose end has not come by then."""
    rows = await fetch(
        f"{SELECT} WHERE {IN_STORES} AND code > $2 AND ($3::boolean IS NULL OR enabled = $3) "
        "AND ($4::timestamptz IS NULL OR until IS NULL OR until > $4) ORDER BY code LIMIT $5",
        stores_here(),
        after,
        enabled,
        at,
        limit,
    )
    return [fact_of(row) for row in rows]


async def reward(code: str) -> RewardFacts:
    """A reward by its code, in the actor's stores."""
    wanted = code.strip().casefold()
    rows = await fetch(f"{SELECT} WHERE {IN_STORES} AND code = $2", stores_here(), wanted) if clean(wanted) else []
    if not rows:
        raise RewardUnknown(_("There is no such reward."))
    return fact_of(rows[0])


def clean(code: str) -> bool:
    """Whether this can be the code of a reward."""
    return _CODE.match(code) is not None


async def make_reward(new: NewReward) -> RewardFacts:
    """Add a reward to the catalogue."""
    kind = await check(new)

    async def work() -> None:
        id_: UUID | None = await fetchval(_INSERT, uuid7(), new.code, *_values(new, kind))
        if id_ is None:
            raise RewardTaken(_('there is a reward "{code}" already: choose another code', code=new.code), field="code")
        await _in_stores(id_, new)
        await audit.note("rewards.made", subject=("reward", id_), code=new.code, points=new.points)

    await in_transaction(work)
    return await reward(new.code)


def _values(new: NewReward, kind: Kind) -> list[Any]:
    return [
        dict(new.title),
        dict(new.description),
        new.kind,
        _detail(new),
        new.points,
        dict(new.tiers),
        new.stock,
        new.member_limit,
        new.period,
        new.since,
        new.until,
        new.enabled,
        kind.plugin,
        clock.now(),
    ]


def _detail(new: NewReward) -> dict[str, Any]:
    if new.kind == CASH_OFF:
        return {"amount": new.amount, "currency": business().currency}
    return {"choice": new.choice} if new.choice else {}


async def change_reward(new: NewReward, *, version: int, stock_was: int | None = None) -> RewardFacts:
    """Change the reward of that code, read in ``version``.

    ``stock_was`` is what whoever sets the stock had seen: what was redeemed meanwhile stays taken off.
    """
    kind = await check(new)

    async def work() -> None:
        values = _values(new, kind)
        del values[6]
        id_: UUID | None = await fetchval(_UPDATE, new.code, *values, version)
        if id_ is None:
            await reward(new.code)
            raise StaleReward(_("someone has changed this meanwhile: look at it again"), version=version)
        if new.stock != stock_was:
            await execute(_RESTOCK, id_, new.stock, stock_was)
        await execute("DELETE FROM reward_store WHERE reward = $1", id_)
        await _in_stores(id_, new)
        await audit.note("rewards.changed", subject=("reward", id_), code=new.code, points=new.points)

    await in_transaction(work)
    return await reward(new.code)


async def _in_stores(id_: UUID, new: NewReward) -> None:
    stores = sorted(set(new.stores))
    await execute(
        "INSERT INTO reward_store (id, reward, store) SELECT i, $1, s FROM unnest($2::uuid[], $3::uuid[]) AS t (i, s)",
        id_,
        [uuid7() for _store in stores],
        stores,
    )


async def check(new: NewReward) -> Kind:
    """Refuse what cannot be a reward; answers its kind."""
    wrong = [*_text_errors(new), *_number_errors(new), *_period_errors(new)]
    kind = kind_named(new.kind)
    if kind is None:
        near = difflib.get_close_matches(new.kind[:80], [known.name for known in kinds()], n=1, cutoff=0)
        wrong.append(
            FieldError("kind", _('there is no kind "{kind}", did you mean "{near}"?', kind=new.kind[:80], near=near[0]))
        )
    elif (choices := await kind.choices()) and new.choice not in choices:
        known = ", ".join(sorted(choices))
        wrong.append(FieldError("choice", _("choose what is handed out: {known}", known=known)))
    known_stores = {store.id for store in access.stores_known()}
    if any(store not in known_stores for store in new.stores):
        wrong.append(FieldError("stores", _("choose stores of the business")))
    if wrong or kind is None:
        raise Invalid(_("This cannot be a reward yet."), wrong)
    return kind


def _text_errors(new: NewReward) -> list[FieldError]:
    wrong = []
    if not clean(new.code):
        wrong.append(FieldError("code", _("use up to 40 small letters, digits, - and _")))
    if not any(new.title.values()):
        wrong.append(FieldError("title", _("say what it is called")))
    for field, texts, most in (
        ("title", new.title, LONGEST_TITLE),
        ("description", new.description, LONGEST_DESCRIPTION),
    ):
        if set(texts) - set(LOCALES):
            wrong.append(FieldError(field, _("give the text by language: {known}", known=", ".join(LOCALES))))
        if any(len(text) > most or "\x00" in text for text in texts.values()):
            wrong.append(FieldError(field, _("use at most {n} characters", n=most)))
    return wrong


def _number_errors(new: NewReward) -> list[FieldError]:
    wrong = []
    above_zero = _("give a whole amount above zero")
    if not 0 < new.points <= LARGEST:
        wrong.append(FieldError("points", above_zero))
    if not all(0 < points <= LARGEST and 0 < len(tier) <= 60 for tier, points in new.tiers.items()):
        wrong.append(FieldError("tiers", above_zero))
    if new.stock is not None and not 0 <= new.stock <= LARGEST:
        wrong.append(FieldError("stock", _("give a whole number, or nothing where there is no end to it")))
    if new.member_limit is not None and not 0 < new.member_limit <= 10**6:
        wrong.append(FieldError("limit_per_member", above_zero))
    if new.kind == CASH_OFF and not 0 < (new.amount or 0) <= LARGEST:
        wrong.append(FieldError("amount", _("say how much money it takes off")))
    return wrong


def _period_errors(new: NewReward) -> list[FieldError]:
    wrong = []
    if new.period not in PERIODS:
        known = ", ".join(filter(None, PERIODS))
        wrong.append(FieldError("limit_period", _("choose one of {known}, or none", known=known)))
    for name, moment in (("from", new.since), ("until", new.until)):
        if moment is not None and moment.tzinfo is None:
            wrong.append(FieldError(name, _("give the moment with its zone, like 2026-12-31T00:00:00+08:00")))
        elif moment is not None and not EARLIEST <= moment.year < LAST_YEAR:
            wrong.append(FieldError(name, _("give a day within a hundred years")))
    ordered = new.since is None or new.until is None or wrong or new.since < new.until
    if not ordered:
        wrong.append(FieldError("until", _("the end lies before the beginning")))
    return wrong


def kind_title(name: str) -> Text:
    """How a kind is called; its code where its plugin is gone."""
    kind = kind_named(name)
    return kind.title if kind is not None else Text(name)


async def choices_of(every: Mapping[str, Kind]) -> dict[str, Mapping[str, Text]]:
    """What each of some kinds can hand out."""
    return {name: await kind.choices() for name, kind in every.items()}
