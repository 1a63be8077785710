"""Settings: on which terms points pay a part of a purchase."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Template

from tessera.kernel.business import business
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.points.service import paying
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

HERE, PAGE = "/settings/paying", "rewards/paying.html"

LONGEST_NUMBER = 12


@get(HERE, permission="settings.write", sync_to_thread=False)
def show_terms() -> Template:
    """The terms in force."""
    known = paying.terms(business().currency)
    form = Form.of(
        on="yes" if known.on else "",
        per_unit=known.per_unit,
        minimum=known.minimum,
        step=known.step,
        percent=known.percent,
    )
    return Template(PAGE, context={"form": form, **_context()})


@post(HERE, permission="settings.write")
async def set_terms(request: Request[Any, Any, Any]) -> Response[Any]:
    """Set them anew."""
    form = await read_form(request)
    try:
        numbers = {name: whole(form, name) or 0 for name in ("per_unit", "minimum", "step", "percent")}
        await paying.set_terms(on=form["on"] == "yes", **numbers)
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, _context())
    return done(HERE, _("Saved."))


def whole(form: Form, name: str) -> int | None:
    """A whole number as it was typed; ``None`` where the field is empty."""
    text = form[name].replace(",", "").replace("，", "")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > LONGEST_NUMBER:
        message = _("Write a whole number.")
        raise Invalid(message, [FieldError(name, message)])
    return int(text)


def _context() -> dict[str, Any]:
    known = paying.terms(business().currency)
    return {"currency": known.currency, "step": known.whole_step, "example": known.worth(known.whole_step)}


handlers = [show_terms, set_terms]
