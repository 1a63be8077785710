"""Taking a list of members out: which columns, of which store and stage, as CSV or workbook."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import MultiDict
from litestar.response import Stream, Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.members.forms import store_of_form
from tessera.members.labels import STAGES
from tessera.members.service import exporting
from tessera.members.service.lists import MEDIA_TYPES, csv_pieces, refuse_too_long, write_xlsx
from tessera.web.forms import Form, shown_again
from tessera_hooks import _

PAGE = "members/export.html"

PIECE = 1 << 16
"""Bytes of a workbook that are sent at a time."""


def _context(form: Form) -> dict[str, Any]:
    stores = [store for store in access.stores() if actor().may(exporting.EXPORT, store.id)]
    return {
        "form": form,
        "columns": list(exporting.exportable().items()),
        "stores": [(store.code, store.name) for store in stores],
        "stages": list(STAGES.items()),
        "revealed": actor().may("members.reveal"),
    }


@get("/members/export", permission=exporting.EXPORT)
async def show_export() -> Template:
    """What can be taken out, all columns chosen."""
    return Template(PAGE, context=_context(Form.of(columns=list(exporting.exportable()), kind="csv")))


@get("/members/export/file", permission=exporting.EXPORT)
async def export(request: Request[Any, Any, Any]) -> Response[Any]:
    """The list itself; it is audited before its first byte goes out."""
    form = _form_of(request.query_params)
    try:
        if form["kind"] not in MEDIA_TYPES or not form.all("columns"):
            message = _("choose at least one column") if form["kind"] in MEDIA_TYPES else _("choose CSV or XLSX")
            raise Invalid(message, [FieldError("columns" if form["kind"] in MEDIA_TYPES else "kind", message)])
        store = store_of_form(form)
        begun = await exporting.begin(form.all("columns"), store=store, stage=form["stage"] or None)
        if form["kind"] == "xlsx":
            refuse_too_long(begun)
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, _context(form))
    name = f"members-{business().today().isoformat()}.{form['kind']}"
    pieces = csv_pieces(begun) if form["kind"] == "csv" else _workbook(begun)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(pieces, media_type=MEDIA_TYPES[form["kind"]], headers=headers)


async def _workbook(begun: exporting.Export) -> AsyncIterator[bytes]:
    """A workbook, whose beginning is known only when its end is: written to disk first, then sent."""
    with tempfile.TemporaryDirectory(prefix="tessera-export-") as folder:
        path = Path(folder) / "members.xlsx"
        await write_xlsx(begun, path)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _form_of(query: MultiDict[Any]) -> Form:
    form = Form()
    for name, value in query.multi_items():
        form.values.setdefault(name, []).append(str(value))
    return form


handlers = [show_export, export]
