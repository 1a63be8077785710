"""Stages on pages: moving a member by hand, and the rules in settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.conditions import check, describe, known_facts
from tessera.kernel.business import set_setting
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.members import labels
from tessera.members.service import need_visible, stages
from tessera.members.service.tags import suggest_tags
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Compare, Condition, Text, _

PAGE = "members/settings_stages.html"
LONGEST_HOLD = 3650

OWN_FACTS: dict[str, tuple[str, ...]] = {
    "visits.days_away": (">", "<="),
    "purchases.count": (">=", "<"),
    "visits.count": (">=", "<"),
    "member.joined_days": (">", "<="),
    "member.tags": ("has",),
}
"""What a rule of one's own may ask, and how."""


@post("/members/{member_id:uuid}/stage", permission="members.write")
async def move(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Move a member to another stage and say why."""
    form = await read_form(request)
    member = await need_visible(member_id, "members.write")
    if not form["reason"]:
        return done(f"/members/{member}", _("Say why: the next person will want to know."), "danger")
    try:
        await stages.move_stage(member, form["stage"], form["reason"])
    except Invalid as refusal:
        return done(f"/members/{member}", refusal.message, "danger")
    return done(f"/members/{member}", _("Saved."))


@get("/settings/stages", permission="settings.write")
async def show_rules() -> Template:
    """The rules by which members change stages."""
    return Template(PAGE, context={"form": Form(), **await _context()})


async def _context() -> dict[str, Any]:
    known = known_facts()
    asked = [
        (f"{name} {op}", describe(Compare(name, op, "…" if op == "has" else 0)).replace("0", "…"))  # type: ignore[arg-type]
        for name, ops in OWN_FACTS.items()
        if name in known
        for op in ops
    ]
    return {
        "rules": [(rule, sentence(rule), stages.number_of(rule.condition)) for rule in await stages.stage_rules()],
        "stages": list(labels.STAGES.items()),
        "labels": labels,
        "asked": asked,
        "tags": await suggest_tags("", 200),
        "hold_days": stages.hold_days(),
    }


def sentence(rule: stages.StageRuleFacts) -> Text | str:
    """What a rule asks, in words."""
    try:
        check(rule.condition)
    except Invalid:
        return _("It asks for something that is no longer there.")
    return describe(rule.condition)


@post("/settings/stages/{code:str}", permission="settings.write")
async def change_rule(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Switch a rule on or off, change its number or its place."""
    form = await read_form(request)
    try:
        number = _whole(form["number"], "number") if "number" in form.values else None
        await stages.change_rule(
            code, active=form["active"] == "yes", place=_whole(form["place"], "place"), number=number
        )
    except Invalid as refusal:
        return done("/settings/stages", refusal.message, "danger")
    return done("/settings/stages", _("Saved."))


@post("/settings/stages/{code:str}/drop", permission="settings.write")
async def drop_rule(code: FromPath[str]) -> Response[Any]:
    """Take a rule of one's own away, or one of Tessera's back to what it was."""
    await stages.drop_rule(code)
    return done("/settings/stages", _("Saved."))


@post("/settings/stages/new", permission="settings.write")
async def add_rule(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a rule of one's own."""
    form = await read_form(request)
    try:
        await stages.keep_rule(form.all("before"), form["after"], _condition(form))
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, await _context())
    return done("/settings/stages", _("Saved."))


@post("/settings/stages/hold", permission="settings.write")
async def hold(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say how long a stage that was set by hand stands."""
    form = await read_form(request)
    try:
        days = _whole(form["days"], "days")
    except Invalid as refusal:
        return done("/settings/stages", refusal.message, "danger")
    await set_setting(stages.HOLD_DAYS, min(days, LONGEST_HOLD))
    return done("/settings/stages", _("Saved."))


def _condition(form: Form) -> Condition:
    name, _space, op = form["fact"].partition(" ")
    if op not in OWN_FACTS.get(name, ()):
        message = _("choose what the rule asks")
        raise Invalid(message, [FieldError("fact", message)])
    value: int | str = form["value"] if op == "has" else _whole(form["value"], "value")
    if not value and op == "has":
        message = _("Fill this in.")
        raise Invalid(message, [FieldError("value", message)])
    return Compare(name, op, value)  # type: ignore[arg-type]


def _whole(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        message = _("Write a whole number.")
        raise Invalid(message, [FieldError(field, message)])
    return int(text)


handlers = [move, show_rules, add_rule, hold, change_rule, drop_rule]
