"""Pages of rules: what each asks and does, whom it would touch, and its switch."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import DomainError, Invalid
from tessera.members.labels import stage_label
from tessera.messaging import service as messaging
from tessera.rules import service
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import AddTag, MoveStage, OpenTask, RemoveTag, SendMessage, Text, _
from tessera_hooks.rules import Action

LIST = "rules/list.html"
ONE = "rules/one.html"
ASK = "rules/switch_on.html"


@get("/rules", permission="rules.write")
async def list_rules() -> Template:
    """All rules of enabled plugins."""
    listed = [(setting, await service.last_run(setting.code)) for setting in await service.rules()]
    return Template(LIST, context={"listed": listed, "mode": messaging.mode(), "modes": messaging.MODES})


@get("/rules/{code:str}", permission="rules.write")
async def show_rule(code: FromPath[str]) -> Template:
    """One rule: its sentence, its numbers, whom it would touch today, and what it did."""
    setting = await service.rule(code)
    return Template(ONE, context=await _context(setting, Form.of(**setting.parameters)))


@post("/rules/{code:str}/numbers", permission="rules.write")
async def change_numbers(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Change a rule's numbers."""
    form, setting = await read_form(request), await service.rule(code)
    try:
        await service.change_parameters(code, _numbers(form, setting))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _context(setting, form))
    return done(f"/rules/{code}", _("Saved."))


@get("/rules/{code:str}/on", permission="rules.write")
async def ask_to_switch_on(code: FromPath[str]) -> Template:
    """Before a rule is switched on: how many it would touch today, who, and whether to include those from before."""
    setting = await service.rule(code)
    context = {"setting": setting, "found": await service.dry_run(code), "form": Form(), **_words(setting)}
    return Template(ASK, context=context)


@post("/rules/{code:str}/on", permission="rules.write")
async def switch_on(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Switch a rule on; those from before only where that was chosen."""
    form = await read_form(request)
    await service.switch_on(code, include_backlog=form["backlog"] == "yes")
    return done(f"/rules/{code}", _("The rule is on."))


@post("/rules/{code:str}/off", permission="rules.write")
async def switch_off(code: FromPath[str]) -> Response[Any]:
    """Switch a rule off."""
    await service.switch_off(code)
    return done(f"/rules/{code}", _("The rule is off."))


@post("/rules/{code:str}/run", permission="rules.write")
async def run_now(code: FromPath[str]) -> Response[Any]:
    """Do today's run at once instead of at its time."""
    if await service.run_now(code):
        return done(f"/rules/{code}", _("The rule has run."))
    return done(f"/rules/{code}", _("It has run today already, as it is set now."), "info")


def _numbers(form: Form, setting: service.RuleSetting) -> dict[str, str]:
    return {p.name: form[p.name] for p in setting.rule.parameters if p.name in form.values}


async def _context(setting: service.RuleSetting, form: Form) -> dict[str, Any]:
    try:
        found = await service.dry_run(setting.code)
    except Invalid:
        found = None
    return {
        "setting": setting,
        "form": form,
        "found": found,
        "runs": await service.runs(setting.code),
        "counts": await messaging.counts(setting.code),
        **_words(setting),
    }


def _words(setting: service.RuleSetting) -> dict[str, Any]:
    return {
        "actions": [_said(setting, action) for action in setting.rule.actions],
        "skipped_text": service.skipped_text,
        "mode": messaging.mode(),
        "modes": messaging.MODES,
        "sends": any(isinstance(action, SendMessage) for action in setting.rule.actions),
    }


def _said(setting: service.RuleSetting, action: Action) -> tuple[Text, str]:
    """What an action does, and where to look at it."""
    match action:
        case AddTag():
            return _("Give the tag “{tag}”", tag=action.tag), ""
        case RemoveTag():
            return _("Take the tag “{tag}” away", tag=action.tag), ""
        case MoveStage():
            return _("Move to the stage “{stage}”", stage=stage_label(action.stage)), ""
        case OpenTask():
            return _("Open the task “{title}”", title=action.title), ""
    code = messaging.code_of(setting.plugin, action.template)
    return _("Send the message “{title}”", title=messaging.title_of(code)), f"/message-texts/{code}"


handlers = [list_rules, show_rule, change_numbers, ask_to_switch_on, switch_on, switch_off, run_now]
