"""How messages go out: the mode, the test addresses, the mail server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Template

from tessera.access.service import stores
from tessera.kernel.errors import DomainError
from tessera.messaging import service
from tessera.messaging.service.addresses import checked_address
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PAGE = "messaging/settings.html"
HERE = "/settings/messaging"


@get(HERE, permission="settings.write")
async def show_settings() -> Template:
    """All of it on one page."""
    return Template(PAGE, context={"form": _filled(), **_context()})


@post(HERE + "/mode", permission="settings.write")
async def change_mode(request: Request[Any, Any, Any]) -> Response[Any]:
    """Switch messages off, to test, or on, for the business and for single stores."""
    form = await read_form(request)
    try:
        await service.set_test_addresses(form["test_addresses"].replace(",", "\n").split())
        await service.set_mode(form["mode"])
        for store in stores():
            if (name := f"mode_{store.code}") in form.values:
                await service.set_mode(form[name] or None, store.id)
    except DomainError as refusal:
        return _again(form, refusal)
    return done(HERE, _("Saved."))


@post(HERE + "/server", permission="settings.write")
async def change_server(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say where mail is handed in."""
    form = await read_form(request)
    try:
        await service.change_smtp(form["host"], form["port"], form["security"], form["user"], form["sender"])
    except DomainError as refusal:
        return _again(form, refusal)
    return done(HERE, _("Saved. Now send yourself a test mail."))


@post(HERE + "/test", permission="settings.write")
async def send_test(request: Request[Any, Any, Any]) -> Response[Any]:
    """Send a test mail at once."""
    form = await read_form(request)
    try:
        await service.send_test(checked_address(form["to"], "to"))
    except DomainError as refusal:
        return _again(form, refusal)
    return done(HERE, _("The mail server took the test mail. Look into the inbox of {address}.", address=form["to"]))


def _again(form: Form, refusal: DomainError) -> Template:
    sent, filled = form.values, _filled()
    form.values = {**filled.values, **sent}
    return shown_again(PAGE, form, refusal, _context())


def _filled() -> Form:
    smtp = service.smtp_settings()
    own: dict[UUID, Any] = dict(service.modes_of_stores())
    return Form.of(
        mode=service.mode(),
        test_addresses="\n".join(service.test_addresses()),
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        user=smtp.user,
        sender=smtp.sender,
        **{f"mode_{store.code}": own[store.id] or "" for store in stores() if store.id in own},
    )


def _context() -> dict[str, Any]:
    return {
        "modes": service.MODES,
        "security": service.SECURITY,
        "open_stores": [store for store in stores() if store.active],
        "smtp": service.smtp_settings(),
        "has_password": bool(service.password()),
        "public_url": service.public_url(),
    }


handlers = [show_settings, change_mode, change_server, send_test]
