"""Texts of messages: reading, changing and seeing how they will look."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import DomainError
from tessera.messaging import service
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

LIST = "messaging/texts.html"
ONE = "messaging/text.html"


@get("/message-texts", permission="messages.send")
async def list_texts() -> Template:
    """All texts."""
    return Template(LIST, context={"templates": await service.templates()})


@get("/message-texts/{code:str}", permission="messages.send")
async def show_text(code: FromPath[str]) -> Template:
    """One text in every language, with its preview."""
    template = await service.template(code)
    filled = {f"subject_{language}": text for language, text in template.subject.items()}
    filled |= {f"body_{language}": text for language, text in template.body.items()}
    form = Form.of(**filled)
    return Template(ONE, context={"form": form, **_context(template, form)})


@post("/message-texts/{code:str}", permission="messages.send")
async def change_text(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Save the texts, or show how they would look."""
    template, form = await service.template(code), await read_form(request)
    if form["action"] == "preview":
        return Template(ONE, context={"form": form, **_context(template, form)}, media_type="text/html")
    if form["action"] == "reset":
        await service.reset_template(code)
        return done(f"/message-texts/{code}", _("The text is as the plugin brought it."))
    try:
        await service.change_template(code, _texts(form, "subject"), _texts(form, "body"))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(template, form))
    return done(f"/message-texts/{code}", _("The text was saved."))


def _texts(form: Form, part: str) -> dict[str, str]:
    return {language: form[f"{part}_{language}"].replace("\r\n", "\n") for language in service.LANGUAGES}


def _context(template: service.Template, form: Form) -> dict[str, Any]:
    subjects, bodies = _texts(form, "subject"), _texts(form, "body")
    previews = [
        service.preview(language, subjects[language], bodies[language], template.purpose)
        for language in service.LANGUAGES
        if subjects[language] or bodies[language]
    ]
    return {"template": template, "previews": previews, "languages": service.LANGUAGES}


handlers = [list_texts, show_text, change_text]
