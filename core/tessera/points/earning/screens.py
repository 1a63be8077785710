"""Settings of how points are earned: the rules, one rule with its versions, and trying a purchase out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access.service import stores
from tessera.conditions import describe, known_facts
from tessera.kernel.business import business, set_setting
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.money import read_number, to_minor
from tessera.kernel.texts import translate
from tessera.members.service.fields import custom_fields
from tessera.points import noticing
from tessera.points.earning import changing, forms, trying, words
from tessera.points.earning.changing import Listed
from tessera.points.earning.shipped import AUTOMATIC, DEEDS, PROFILE
from tessera.points.earning.titles import tier_titles
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import EarningSpec, Fact, Factor, Fixed, PerAmount, Text, _

LIST, ONE, NEW = "points/earning/list.html", "points/earning/one.html", "points/earning/new.html"
HERE = "/settings/earning"

BEGINNINGS: dict[str, EarningSpec] = {
    "per_amount": EarningSpec(earns=PerAmount()),
    "fixed": EarningSpec(earns=Fixed(10)),
    "factor": EarningSpec(earns=Factor(Decimal(2))),
    "deed": EarningSpec(earns=Fixed(5), deed=""),
}


@get(HERE, permission="settings.write")
async def list_rules(request: Request[Any, Any, Any]) -> Template:
    """All rules, and what a purchase would bring."""
    form = Form({name: request.query_params.getall(name) for name in request.query_params})
    context: dict[str, Any] = {"form": form, "tried": None, **_list_context()}
    if form["amount"]:
        try:
            context["tried"] = trying.try_out(_purchase(form))
        except DomainError as refusal:
            return shown_again(LIST, form, refusal, context)
    return Template(LIST, context=context)


def _list_context() -> dict[str, Any]:
    listed = changing.listed()
    return {
        "rules": [(one, words.in_words(one.spec, one.title)) for one in listed],
        "kinds": forms.KINDS,
        "stores": [(store.code, store.name) for store in stores()],
        "tiers": list(tier_titles().items()),
        "any_condition": any(one.enabled and one.spec.condition is not None for one in listed),
    }


def _purchase(form: Form) -> trying.Purchase:
    try:
        amount = to_minor(read_number(form["amount"]), business().currency)
    except ValueError:
        raise _wrong("amount", _("Write an amount, such as 120 or 99.50.")) from None
    try:
        at = datetime.fromisoformat(form["at"]) if form["at"] else None
    except ValueError:
        raise _wrong("at", _("Write a day and a time.")) from None
    return trying.Purchase(
        amount,
        store=form["store"] or None,
        tier=form["tier"] or None,
        category=form["category"] or None,
        at=at,
        birthday=form["birthday"] == "yes",
        first=form["first"] == "yes",
        meets=form["meets"] == "yes",
    )


def _wrong(field: str, message: Text) -> Invalid:
    return Invalid(message, [FieldError(field, message)])


@get(f"{HERE}/new", permission="settings.write", sync_to_thread=False)
def new_rule(request: Request[Any, Any, Any]) -> Template:
    """What kind of rule, then its form; it begins today unless another day is chosen."""
    kind = request.query_params.get("kind", "")
    if kind not in forms.KINDS:
        return Template(NEW, context={"kinds": forms.KINDS})
    form = forms.filled("", BEGINNINGS[kind], 0)
    form.values["starts_on"] = [business().today().isoformat()]
    return Template(ONE, context={"form": form, **_context(kind, None)})


@post(f"{HERE}/new", permission="settings.write")
async def add_rule(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a rule; it is in force at once."""
    form = await read_form(request)
    kind = form["kind"] if form["kind"] in forms.KINDS else "per_amount"
    try:
        made = await changing.add_rule(form["title"], forms.read(form, kind, None))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(kind, None))
    return done(f"{HERE}/{made.code}", _("The rule is in force."))


def _context(kind: str, rule: Listed | None, versions: Any = ()) -> dict[str, Any]:
    spec = rule.spec if rule else None
    kept = spec.condition if spec and not forms.is_simple(spec.condition) else None
    return {
        "rule": rule,
        "kind": kind,
        "kind_title": forms.KINDS[kind],
        "said": words.in_words(spec, rule.title) if rule and spec else [],
        "versions": [(one, words.one_line(words.in_words(one.spec, one.title))) for one in versions],
        "currencies": forms.currencies(spec),
        "deeds": _deeds(rule),
        "once": list(words.ONCE.items()),
        "birthdays": list(words.BIRTHDAYS.items()),
        "weekdays": words.weekdays(),
        "stores": [(store.code, store.name) for store in stores()],
        "tiers": list({**{code: code for code in (spec.tiers if spec else ())}, **tier_titles()}.items()),
        "facts": _facts(),
        "operators": list(forms.OPERATORS.items()),
        "kept_condition": describe(kept) if kept is not None and changing.is_known(kept) else None,
        "condition_rows": range(1, forms.CONDITION_ROWS + 1),
        "asks_profile": spec is not None and spec.deed == PROFILE,
        "automatic": spec is not None and spec.deed in AUTOMATIC,
        "profile_fields": _profile_fields(),
        "profile": Form.of(fields=list(noticing.profile_fields())),
    }


def _deeds(rule: Listed | None) -> list[tuple[str, Text | str]]:
    known: list[tuple[str, Text | str]] = [("", _("Something else, as the title says")), *DEEDS.items()]
    if rule is not None and rule.spec.deed and rule.spec.deed not in DEEDS:
        known[0] = (rule.spec.deed, rule.title)
    return known


def _facts() -> list[tuple[str, str]]:
    def title(fact: Fact) -> str:
        return translate(fact.title)

    return sorted(((name, title(fact)) for name, fact in known_facts().items()), key=lambda pair: pair[1])


def _profile_fields() -> list[tuple[str, Text | str]]:
    return [*noticing.FIELDS.items(), *((f"custom.{field.code}", field.title) for field in custom_fields())]


@get(f"{HERE}/{{code:str}}", permission="settings.write")
async def show_rule(code: FromPath[str]) -> Template:
    """One rule: what it says, its form, and what it said before."""
    rule = changing.rule(code)
    form = forms.filled(translate(rule.title), rule.spec, rule.version)
    context = _context(forms.kind_of(rule.spec), rule, await changing.history(code))
    return Template(ONE, context={"form": form, **context})


@post(f"{HERE}/{{code:str}}", permission="settings.write")
async def change_rule(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Save a rule: the next version."""
    form, rule = await read_form(request), changing.rule(code)
    kind = forms.kind_of(rule.spec)
    try:
        spec = forms.read(form, kind, rule.spec)
        title = rule.title.source if form["title"] == translate(rule.title) else form["title"]
        changed = await changing.change_rule(code, form.version(), title, spec)
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(kind, rule, await changing.history(code)))
    if changed.enabled:
        return done(f"{HERE}/{code}", _("Saved: version {version} is in force.", version=changed.version))
    return done(f"{HERE}/{code}", _("Saved. The rule is switched off."), "info")


@post(f"{HERE}/{{code:str}}/on", permission="settings.write")
async def switch_on(code: FromPath[str]) -> Response[Any]:
    """Switch a rule on."""
    await changing.switch(code, on=True)
    return done(f"{HERE}/{code}", _("The rule is in force."))


@post(f"{HERE}/{{code:str}}/off", permission="settings.write")
async def switch_off(code: FromPath[str]) -> Response[Any]:
    """Switch a rule off; what it has earned stays."""
    await changing.switch(code, on=False)
    return done(f"{HERE}/{code}", _("The rule is off."))


@post(f"{HERE}/profile-fields", permission="settings.write")
async def choose_profile_fields(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say what a complete profile has."""
    form, known = await read_form(request), dict(_profile_fields())
    chosen = [field for field in form.all("fields") if field in known]
    await set_setting(noticing.PROFILE_FIELDS, chosen or list(noticing.USUAL_FIELDS))
    return done(f"{HERE}/points.profile_completed", _("Saved."))


handlers = [
    list_rules,
    new_rule,
    add_rule,
    choose_profile_fields,
    show_rule,
    change_rule,
    switch_on,
    switch_off,
]
