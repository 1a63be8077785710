"""Bringing a list of members: its file, what its columns mean, how it will be read, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.errors import CannotRun, DomainError, FieldError, Invalid, NotFound
from tessera.kernel.texts import translate
from tessera.members.forms import store_of_form
from tessera.members.imports import preview, uploads, working
from tessera.members.imports.batches import text_of
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

HOME = "/members/import"
LIST, ONE, PROGRESS = "members/import.html", "members/import_one.html", "members/import_progress.html"

COLUMN = "column-"
"""What the names of a form's selects begin with; the column's place follows."""

SAID: dict[str, Text] = {
    "check": _("The list is being checked. Nothing is changed."),
    "import": _("The list is being imported."),
    "undo": _("The import is being taken back."),
}

KINDS: dict[str, Text] = {"members": _("Members"), "purchases": _("Purchases")}


def _allowed() -> None:
    """An import tells which identities are known, so whoever imports must be allowed to see them."""
    actor().needs("members.reveal")


async def _home() -> dict[str, Any]:
    return {"form": Form(), "uploads": await uploads.uploads(), "others": await uploads.other_imports(), **_WORDS}


@get(HOME, permission=uploads.IMPORT)
async def show_imports() -> Template:
    """A place for a file, and the imports of late."""
    _allowed()
    return Template(LIST, context=await _home())


@post(HOME, permission=uploads.IMPORT)
async def bring(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take a file and show how it will be read."""
    _allowed()
    form = await read_form(request)
    try:
        file = form.files.get("file")
        if file is None or not file.filename:
            message = _("choose a file first")
            raise Invalid(message, [FieldError("file", message)])
        made = await uploads.bring(await file.read(), file.filename)
    except DomainError as refusal:
        return shown_again(LIST, form, refusal, await _home())
    return done(f"{HOME}/{made}")


@get(f"{HOME}/{{upload:uuid}}", permission=uploads.IMPORT)
async def show_import(upload: FromPath[UUID]) -> Template:
    """One list: its columns and first rows while it is to be imported, then what became of it."""
    _allowed()
    row = await uploads.upload(upload)
    return Template(ONE, context=await _context(row, _filled(row)))


@get(f"{HOME}/{{upload:uuid}}/progress", permission=uploads.IMPORT)
async def show_progress(upload: FromPath[UUID]) -> Response[Any]:
    """How far the work has come, for the page that is open; the page is opened anew when it has ended."""
    _allowed()
    row = await uploads.upload(upload)
    if row["state"] != "working":
        return done(f"{HOME}/{upload}")
    return Template(PROGRESS, context=await _context(row, Form()), media_type="text/html")


@post(f"{HOME}/{{upload:uuid}}", permission=uploads.IMPORT)
async def decide(request: Request[Any, Any, Any], upload: FromPath[UUID]) -> Response[Any]:
    """Say what the columns mean, and have the list shown anew, checked or imported."""
    _allowed()
    row, form = await uploads.upload(upload), await read_form(request)
    try:
        await uploads.choose(upload, _mapping(row, form), form["source"], store_of_form(form))
        if form["do"] not in ("check", "import"):
            return done(f"{HOME}/{upload}")
        await working.begin(upload, "check" if form["do"] == "check" else "import")
    except (DomainError, CannotRun) as refusal:
        problem = refusal if isinstance(refusal, DomainError) else Invalid(str(refusal))
        changed = {**dict(row), "mapping": _mapping(row, form)}
        return shown_again(ONE, form, problem, await _context(changed, form))
    return done(f"{HOME}/{upload}", SAID[form["do"]])


@post(f"{HOME}/{{upload:uuid}}/go-on", permission=uploads.IMPORT)
async def go_on(upload: FromPath[UUID]) -> Response[Any]:
    """Take work up again whose worker was lost."""
    _allowed()
    row = await uploads.upload(upload)
    await working.begin(upload, row["work"])
    return done(f"{HOME}/{upload}", SAID.get(row["work"]))


@post(f"{HOME}/{{upload:uuid}}/undo", permission=uploads.IMPORT)
async def undo(upload: FromPath[UUID]) -> Response[Any]:
    """Take an import back."""
    _allowed()
    await working.begin(upload, "undo")
    return done(f"{HOME}/{upload}", SAID["undo"])


@post(f"{HOME}/{{upload:uuid}}/discard", permission=uploads.IMPORT)
async def discard(upload: FromPath[UUID]) -> Response[Any]:
    """Take a list away that is not to be imported."""
    _allowed()
    await uploads.discard(upload)
    return done(HOME, _("The list was taken away."))


@get(f"{HOME}/{{upload:uuid}}/rejects", permission=uploads.IMPORT)
async def rejects(upload: FromPath[UUID]) -> Response[bytes]:
    """The rejected rows as a file that can be corrected and brought again."""
    _allowed()
    row = await uploads.upload(upload)
    if row["rejects"] is None:
        raise NotFound(_("this file is not there"))
    name = quote(f"{row['file_name'].rsplit('.', 1)[0]}-rejects.csv")
    headers = {"Content-Disposition": f"attachment; filename=\"rejects.csv\"; filename*=UTF-8''{name}"}
    return Response(await uploads.content_of(row["rejects"]), media_type="text/csv; charset=utf-8", headers=headers)


def _filled(row: Any) -> Form:
    store = access.store_of(row["store"])
    return Form.of(source=row["source"], store=store.code if store else "")


def _mapping(row: Any, form: Form) -> dict[str, str]:
    """What the selects say, by column; a select that was not sent stays as it was."""
    head = uploads.head_of(row)
    before: Mapping[str, str] = row["mapping"]
    columns = head.columns if head else []
    return {name: form[f"{COLUMN}{place}"] or before.get(name, "ignore") for place, name in enumerate(columns)}


async def _context(row: Any, form: Form) -> dict[str, Any]:
    head = uploads.head_of(row) if row["state"] == "ready" else None
    rows, problem = preview.rows_shown(head, row["mapping"], row["source"]) if head else ([], None)
    stores = [s for s in access.stores() if s.active and actor().may(uploads.IMPORT, s.id)]
    return {
        "form": form,
        "upload": row,
        "columns": preview.columns_shown(head, row["mapping"]) if head else [],
        "choices": preview.choices(),
        "rows": rows,
        "problem": problem,
        "stores": [(store.code, store.name) for store in stores],
        "everywhere": actor().stores_with(uploads.IMPORT) is None,
        "is_lost": working.is_lost(row),
        "prefix": COLUMN,
        **_WORDS,
    }


def _said(stored: Any) -> str:
    """A stored text in the language of the page."""
    return translate(text_of(stored))


_WORDS: dict[str, Any] = {"said": _said, "kinds": KINDS, "titles": working.TITLES}

handlers = [show_imports, bring, show_import, show_progress, decide, go_on, undo, discard, rejects]
