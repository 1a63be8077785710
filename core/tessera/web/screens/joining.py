"""Coming in by an invitation: one page for login, password and language."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Template

from tessera.access import service
from tessera.access.permissions import PUBLIC
from tessera.access.service import invitations
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.texts import LOCALES, current_locale
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens.sign_in import SESSION_AGE
from tessera.web.visit import LOCALE, SESSION, SHARED, visit
from tessera_hooks import _

PAGE = "web/join.html"


def _context(person: service.StaffFacts | None) -> dict[str, Any]:
    return {"person": person, "languages": LOCALES.items()}


@get("/join", permission=PUBLIC)
async def show_join(request: Request[Any, Any, Any]) -> Template:
    """The form that a link opens; the link is used up by sending it."""
    code = request.query_params.get("code", "")
    person = await invitations.invited(code)
    login = "" if person.login.startswith(invitations.PLACEHOLDER) else person.login
    return Template(
        PAGE, context={"form": Form.of(code=code, login=login, locale=current_locale()), **_context(person)}
    )


@post("/join", permission=PUBLIC)
async def join(request: Request[Any, Any, Any]) -> Response[Any]:
    """Come in: the person is signed in at once."""
    form = await read_form(request)
    here = visit()
    try:
        if form.secret("password") != form.secret("again"):
            message = _("the two passwords differ")
            raise Invalid(message, [FieldError("again", message)])
        person = await invitations.accept(form["code"], form["login"], form.secret("password"), locale=form["locale"])
    except invitations.InvitationOver:
        raise
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, _context(await invitations.invited(form["code"])))
    tablet = await service.shared_tablet(here.cookies.get(SHARED, ""))
    here.give_cookie(SESSION, await service.open_session(person.id, here.user_agent, tablet), SESSION_AGE)
    if form["locale"] in LOCALES:
        here.give_cookie(LOCALE, form["locale"])
    return done("/", _("Welcome, {name}.", name=person.name))


handlers = [show_join, join]
