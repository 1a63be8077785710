"""The ways to pay: the business's own, and those that plugins settle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.kernel.business import set_setting, setting
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.plugins import host
from tessera.kernel.texts import current_locale
from tessera_hooks import Text, _

SETTING = "purchases.payment_methods"
"""Which own methods tills offer, in order: ``[{"method": "cash", "title": {"en": …, "zh_Hans": …}}]``."""

LONGEST_TITLE = 60

CASH = "cash"

OWN: Mapping[str, Text] = {
    CASH: _("Cash"),
    "card": _("Bank card"),
    "wechat": _("WeChat Pay"),
    "alipay": _("Alipay"),
    "transfer": _("Bank transfer"),
    "other": _("Other"),
}
"""What every business begins with, and what these methods are called where the setting says nothing else."""


@dataclass(frozen=True)
class Way:
    """A way to pay that a till offers; ``holds`` is how much the member has of it, where that is limited."""

    method: str
    title: Text | str
    holds: int | None = None


def chosen_methods() -> list[Mapping[str, Any]]:
    """The setting as it stands: each own method with its titles by language."""
    chosen = setting(SETTING)
    return chosen if isinstance(chosen, list) and chosen else [{"method": method, "title": {}} for method in OWN]


def own_methods() -> list[str]:
    """The business's own methods, in the order in which tills offer them."""
    return [str(one["method"]) for one in chosen_methods()]


async def keep_methods(chosen: Sequence[Mapping[str, Any]]) -> None:
    """Choose which own methods tills offer, in order, with their titles; at least one."""
    wrong, seen = [], set()
    for one in chosen:
        method = str(one["method"])
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,29}", method):
            wrong.append(FieldError("new", _("use small letters and digits, and begin with a letter")))
        if method in seen:
            wrong.append(FieldError("new", _("this is there already")))
        seen.add(method)
        if any(len(title) > LONGEST_TITLE or "\x00" in title for title in one["title"].values()):
            wrong.append(FieldError("methods", _("at most {limit} characters", limit=LONGEST_TITLE)))
    if not chosen:
        wrong.append(FieldError("methods", _("offer at least one way to pay")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    await set_setting(SETTING, [{"method": one["method"], "title": dict(one["title"])} for one in chosen])


def is_own(method: str) -> bool:
    """Whether money of a method is counted at a till: a plugin's method carries its name and a dot."""
    return "." not in method


def method_titles(methods: Iterable[str]) -> dict[str, Text | str]:
    """What methods are called, also those that are offered no longer; one that nobody knows by its code."""
    known: dict[str, Text | str] = {
        **OWN,
        **{str(one["method"]): _said(one) for one in chosen_methods()},
        **{f"{one.plugin}.{one.value.name}": one.value.title for one in host().declared("payment_methods")},
    }
    return {method: known.get(method, method) for method in methods}


def _said(one: Mapping[str, Any]) -> Text | str:
    """A method's title in the language in force; one that was left out is the built-in one, else the other's."""
    titles, method = one.get("title") or {}, str(one["method"])
    return titles.get(current_locale()) or OWN.get(method) or next((t for t in titles.values() if t), method)


def plugin_methods(store: UUID | None) -> set[str]:
    """The methods that plugins settle in a store."""
    return {f"{one.plugin}.{one.value.name}" for one in host().declared_in("payment_methods", store)}


async def would_not_earn(
    member: UUID, store: UUID | None, currency: str, tenders: Mapping[str, int], ways: Iterable[Way]
) -> int:
    """How much of money that is only thought of would earn nothing, by what the plugins say of their methods.

    Of a method no more is asked for than the member holds: a sale would refuse the rest.
    """
    holds = {way.method: way.holds or 0 for way in ways}
    found = 0
    for one in host().declared_in("payment_methods", store):
        method = f"{one.plugin}.{one.value.name}"
        amount = min(tenders.get(method, 0), holds.get(method, 0))
        if amount > 0 and one.value.not_earning is not None:
            found += max(await one.value.not_earning(member, store, currency, amount), 0)
    return found


async def ways_to_pay(member: UUID | None, store: UUID | None, currency: str) -> list[Way]:
    """What a till offers: the own methods, then what the member holds of those that plugins settle."""
    own = own_methods()
    titles = method_titles(own)
    ways = [Way(method, titles[method]) for method in own]
    for one in host().declared_in("payment_methods", store) if member is not None else ():
        holds = await one.value.holds(member, store, currency)
        if holds is not None:
            ways.append(Way(f"{one.plugin}.{one.value.name}", one.value.title, holds))
    return ways
