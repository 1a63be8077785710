"""Forms of pages: reading them, showing them again with what was wrong, and going on when all is well.

A handler that takes a form reads like this::

    @post("/settings/stores", permission="settings.write")
    async def add(request: Request) -> Response:
        form = await read_form(request)
        try:
            await service.add_store(form["code"], name=form["name"])
        except DomainError as refusal:
            return shown_again("web/settings/stores.html", form, refusal, await context())
        return done("/settings/stores", _("The store was added."))
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Template

from tessera.access.idempotency import once
from tessera.kernel.errors import DomainError, Invalid, NotFound
from tessera.kernel.texts import translate
from tessera.web.errors import problem_of
from tessera.web.visit import visit
from tessera_hooks import Text, _

T = TypeVar("T")

ONCE_FIELD = "_once"
"""The field that tells one drawing of a form from the next."""


@dataclass
class Form:
    """What someone filled in, and what is wrong with it; an empty one for a page that is opened."""

    values: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, UploadFile] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @classmethod
    def of(cls, **values: object) -> Form:
        """A form that is filled in already: ``Form.of(name=store.name)``; lists for several choices."""
        filled = {
            name: [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
            for name, value in values.items()
            if value is not None
        }
        return cls(filled)

    def __getitem__(self, name: str) -> str:
        """The value of a field without spaces around it; empty when it was not filled in."""
        return self.values.get(name, [""])[-1].strip()

    def all(self, name: str) -> list[str]:
        """All values of a field that can be given several times."""
        return [value.strip() for value in self.values.get(name, []) if value.strip()]

    def has(self, name: str, value: str) -> bool:
        """Whether a choice was made."""
        return value in self.values.get(name, [])

    def secret(self, name: str) -> str:
        """A password: exactly as it was typed."""
        return self.values.get(name, [""])[-1]

    async def once(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what this form asks for, but not a second time when it is sent again: for whatever moves money.

        ``work`` is one unit of work; ``SentAlready`` is raised instead of a second one.
        """
        return await once(self[ONCE_FIELD], work)

    def version(self) -> int:
        """The version that a form was opened with; 0, which none has, where it brings back no number."""
        given = self["version"]
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0

    def refuse(self, refusal: DomainError) -> None:
        """Note what is wrong, by field where the refusal names fields of this form."""
        named = isinstance(refusal, Invalid) and bool(refusal.errors)
        if isinstance(refusal, Invalid):
            self.errors.update({e.field: translate(e.message) for e in refusal.errors})
        at = refusal.facts.get("field")
        if at:
            self.errors[str(at)] = translate(refusal.message)
        if not named and not at:
            self.problem = translate(refusal.message)


def id_of(text: str) -> UUID:
    """An id that a form brings back; what is none is answered like one that is not there."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(_("There is no such thing here.")) from None


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """What was sent with a form."""
    sent = await request.form()
    form = Form()
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            form.files[name] = value
        else:
            form.values.setdefault(name, []).append(str(value))
    return form


def shown_again(template: str, form: Form, refusal: DomainError, context: Mapping[str, Any] | None = None) -> Template:
    """The page again, with what was filled in and what is wrong with it; passwords are not sent back."""
    form.refuse(refusal)
    problem = problem_of(refusal)
    return Template(
        template,
        context={**(context or {}), "form": form},
        status_code=problem.status,
        headers=problem.headers,
        media_type="text/html",
    )


def done(path: str, text: Text | str | None = None, tone: str = "success") -> Response[Any]:
    """Go on to a page of ours, which shows the sentence once; works for htmx requests too."""
    if text is not None:
        visit().say(text, tone)
    if visit().is_htmx:
        headers = {"HX-Redirect": quote(path, safe="/#%[]=:;$&()+,!?*@'~")}
        return Response(b"", status_code=200, headers=headers, media_type="text/html")
    return Redirect(path, status_code=303)


def own_path(given: str, otherwise: str = "/") -> str:
    """An address that someone brought along, if it is one of our own pages."""
    is_ours = given.startswith("/") and not given.startswith("//") and "\\" not in given
    return given if is_ours and given.isprintable() else otherwise
