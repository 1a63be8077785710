"""Settings of sales: the ways to pay that tills offer, and how long a receipt can be claimed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Template

from tessera.kernel.errors import DomainError
from tessera.purchases.service import claim_days
from tessera.purchases.service.claiming import keep_claim_days
from tessera.purchases.service.methods import OWN, chosen_methods, keep_methods, method_titles
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

PAGE = "purchases/settings.html"
HERE = "/settings/sales"


@dataclass(frozen=True)
class _Row:
    """A way to pay as the form shows it."""

    method: str
    title: Text | str
    offered: bool
    en: str
    zh_hans: str


def _context() -> dict[str, Any]:
    chosen = {str(one["method"]): one.get("title") or {} for one in chosen_methods()}
    known = [*chosen, *(method for method in OWN if method not in chosen)]
    titles = method_titles(known)
    rows = [
        _Row(
            method,
            titles[method],
            method in chosen,
            chosen.get(method, {}).get("en", ""),
            chosen.get(method, {}).get("zh_Hans", ""),
        )
        for method in known
    ]
    return {"methods": rows}


def _form() -> Form:
    return Form.of(claim_days=claim_days())


@get(HERE, permission="settings.write")
async def show_settings() -> Template:
    """What is set."""
    return Template(PAGE, context={"form": _form(), **_context()})


@post(f"{HERE}/methods", permission="settings.write")
async def set_methods(request: Request[Any, Any, Any]) -> Response[Any]:
    """Choose the ways to pay, their names and their order."""
    form = await read_form(request)
    offered = sorted((m for m in form.all("method") if form.has("offered", m)), key=lambda m: _place(form, m))
    chosen = [_chosen(method, form[f"en.{method}"], form[f"zh_Hans.{method}"]) for method in offered]
    if form["new"]:
        chosen.append(_chosen(form["new"], form["new_en"], form["new_zh_hans"]))
    try:
        await keep_methods(chosen)
    except DomainError as refusal:
        form.values.setdefault("claim_days", [str(claim_days())])
        return shown_again(PAGE, form, refusal, _context())
    return done(HERE, _("Saved."))


def _place(form: Form, method: str) -> int:
    given = form[f"place.{method}"]
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0


def _chosen(method: str, en: str, zh_hans: str) -> dict[str, Any]:
    titles = {"en": en, "zh_Hans": zh_hans}
    return {"method": method, "title": {locale: title for locale, title in titles.items() if title}}


@post(f"{HERE}/claims", permission="settings.write")
async def set_claim_days(request: Request[Any, Any, Any]) -> Response[Any]:
    """Set how long a receipt can be claimed."""
    form = await read_form(request)
    given = form["claim_days"]
    try:
        await keep_claim_days(int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else -1)
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, _context())
    return done(HERE, _("Saved."))


handlers = [show_settings, set_methods, set_claim_days]
