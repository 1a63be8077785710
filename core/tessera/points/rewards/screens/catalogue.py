"""Settings: the catalogue of rewards."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service as access
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.money import minor_digits, read_number, to_minor
from tessera.kernel.texts import LOCALES
from tessera.members.names import name_key
from tessera.points.rewards import service
from tessera.points.rewards.kinds import CASH_OFF, kinds
from tessera.points.rewards.screens.paying import whole
from tessera.points.rewards.tiers import tier_titles
from tessera.web.forms import Form, done, id_of, read_form, shown_again
from tessera_hooks import _

HERE, LIST, ONE = "/settings/rewards", "rewards/settings.html", "rewards/one.html"

_WORDS = re.compile(r"[a-z0-9]+")


@get(HERE, permission="settings.write")
async def list_rewards() -> Template:
    """All rewards, those that are switched off too."""
    found = await service.catalogue()
    now = clock.now()
    rows = [(reward, service.kind_title(reward.kind), _state(reward, now)) for reward in found]
    return Template(LIST, context={"rewards": rows, "tiers": tier_titles()})


def _state(reward: service.RewardFacts, now: datetime) -> str:
    if not reward.enabled:
        return "off"
    if reward.stock == 0:
        return "gone"
    if reward.since is not None and now < reward.since:
        return "later"
    return "offered" if reward.is_open(now) else "over"


@get(f"{HERE}/new", permission="settings.write")
async def new_reward() -> Template:
    """The form for one more."""
    form = Form.of(kind="goods", enabled="yes")
    return Template(ONE, context={"form": form, **await _context(None)})


@post(f"{HERE}/new", permission="settings.write")
async def add_reward(request: Request[Any, Any, Any]) -> Response[Any]:
    """Put a reward into the catalogue; without a code it gets one from what it is called."""
    form = await read_form(request)
    try:
        made = await service.make_reward(_read(form, form["code"] or _code_of(_texts(form, "title"))))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _context(None))
    return done(HERE, _("{name} was added.", name=made.name))


@get(HERE + "/{reward:str}", permission="settings.write")
async def show_reward(reward: FromPath[str]) -> Template:
    """One reward."""
    known = await service.reward(reward)
    return Template(ONE, context={"form": _filled(known), **await _context(known)})


@post(HERE + "/{reward:str}", permission="settings.write")
async def change_reward(request: Request[Any, Any, Any], reward: FromPath[str]) -> Response[Any]:
    """Change it; what was redeemed since the page was opened stays taken off the stock."""
    form, known = await read_form(request), await service.reward(reward)
    try:
        new = _read(form, known.code)
        await service.change_reward(new, version=form.version(), stock_was=whole(form, "stock_was"))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _context(known))
    return done(HERE, _("Saved."))


def _read(form: Form, code: str) -> service.NewReward:
    """A reward as the form says it."""
    kind = form["kind"]
    return service.NewReward(
        code=code.strip().casefold(),
        title=_texts(form, "title"),
        description=_texts(form, "description"),
        kind=kind,
        choice=form[f"choice.{kind}"] or None,
        amount=_money(form, "amount") if kind == CASH_OFF else None,
        points=whole(form, "points") or 0,
        tiers={tier: price for tier in tier_titles() if (price := whole(form, f"tier.{tier}")) is not None},
        stock=whole(form, "stock"),
        member_limit=whole(form, "limit_per_member"),
        period=form["limit_period"],
        stores=[id_of(text) for text in form.all("stores")],
        since=_midnight(form, "from"),
        until=_midnight(form, "until", after=1),
        enabled=form["enabled"] == "yes",
    )


def _texts(form: Form, name: str) -> dict[str, str]:
    return {locale: " ".join(form[f"{name}.{locale}"].split()) for locale in LOCALES if form[f"{name}.{locale}"]}


def _code_of(title: dict[str, str]) -> str:
    text = title.get("en") or next(iter(title.values()), "")
    return "-".join(_WORDS.findall(name_key(text)))[:40].strip("-")


def _money(form: Form, name: str) -> int | None:
    if not form[name]:
        return None
    try:
        amount = read_number(form[name])
    except ValueError:
        amount = Decimal(-1)
    if not 0 < amount < 10**9:
        message = _("Write a number, such as 1.5.")
        raise Invalid(message, [FieldError(name, message)])
    return to_minor(amount, business().currency)


def _midnight(form: Form, name: str, after: int = 0) -> datetime | None:
    """The beginning of a day in the business's zone; with ``after`` that of so many days later."""
    if not form[name]:
        return None
    try:
        return clock.midnight(date.fromisoformat(form[name]) + timedelta(days=after), business().timezone)
    except (ValueError, OverflowError):
        message = _("Write a day.")
        raise Invalid(message, [FieldError(name, message)]) from None


def _day(moment: datetime | None, before: int = 0) -> date | None:
    if moment is None:
        return None
    return clock.local_day(moment, business().timezone) - timedelta(days=before)


def _filled(known: service.RewardFacts) -> Form:
    amount = known.detail.get("amount")
    form = Form.of(
        kind=known.kind,
        points=known.points,
        stock=known.stock,
        stock_was=known.stock,
        limit_per_member=known.member_limit,
        limit_period=known.period,
        stores=list(known.stores),
        until=_day(known.until, before=1),
        enabled="yes" if known.enabled else "",
        version=known.version,
        amount=Decimal(amount).scaleb(-minor_digits(business().currency)) if amount is not None else None,
    )
    form.values["from"] = [str(_day(known.since) or "")]
    form.values[f"choice.{known.kind}"] = [known.detail.get("choice", "")]
    for name, texts in (("title", known.title), ("description", known.description)):
        form.values.update({f"{name}.{locale}": [text] for locale, text in texts.items()})
    form.values.update({f"tier.{tier}": [str(price)] for tier, price in known.tiers.items()})
    return form


async def _context(known: service.RewardFacts | None) -> dict[str, Any]:
    every = {kind.name: kind for kind in kinds()}
    choices = await service.choices_of(every)
    return {
        "reward": known,
        "languages": list(LOCALES.items()),
        "kinds": [(kind.name, kind.title) for kind in every.values()],
        "choices": [(name, every[name].title, list(found.items())) for name, found in choices.items() if found],
        "periods": list(service.PERIODS.items()),
        "tiers": list(tier_titles().items()),
        "stores": [(store.id, store.name) for store in access.stores_known() if store.active],
        "currency": business().currency,
    }


handlers = [list_rewards, new_reward, add_reward, show_reward, change_reward]
