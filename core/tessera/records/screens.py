"""The pages of every record type: list, form, one record, correction, files to take away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.service.stores import store_of
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost
from tessera.members import service as members
from tessera.members.service import StaleVersion
from tessera.records import export, forms, present, reach, revealing, rows, service
from tessera.records.kinds import Kind, kinds
from tessera.records.validate import MASK
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

FORM = "records/form.html"
TREND = 200
"""Records that charts look back on."""


def handlers_for(host: PluginHost) -> list[Any]:
    """The pages of all record types that plugins declare."""
    return [handler for kind in kinds(host) for handler in [*_reading(kind), *_writing(kind), *_revealing(kind)]]


def _reading(kind: Kind) -> list[Any]:
    rights: dict[str, Any] = {"permission": kind.read, "plugin": kind.plugin}

    @get(kind.url, name=f"{kind.code}.list", **rights)
    async def list_records(member: FromQuery[UUID | None] = None, cursor: FromQuery[str | None] = None) -> Template:
        """All records of one's stores, today's first; or those of one member with their trends."""
        if member is not None:
            return await of_member(kind, member, cursor)
        return await of_stores(kind, cursor)

    @get(f"{kind.url}/{{record:uuid}}", name=f"{kind.code}.show", **rights)
    async def show_record(record: FromPath[UUID]) -> Template:
        """One record, how it compares with the one before, and the trends."""
        return await of_record(kind, record)

    @get(f"{kind.url}/export.csv", name=f"{kind.code}.csv", **rights)
    async def export_csv(member: FromQuery[UUID | None] = None) -> Response[bytes]:
        """All that the list shows, for spreadsheets."""
        return attachment(kind, "csv", export.CSV_TYPE, await export.csv_file(kind, member))

    @get(f"{kind.url}/export.xlsx", name=f"{kind.code}.xlsx", **rights)
    async def export_xlsx(member: FromQuery[UUID | None] = None) -> Response[bytes]:
        """All that the list shows, as a workbook."""
        return attachment(kind, "xlsx", export.XLSX_TYPE, await export.xlsx_file(kind, member))

    return [list_records, show_record, export_csv, export_xlsx]


def _writing(kind: Kind) -> list[Any]:
    rights: dict[str, Any] = {"permission": kind.write, "plugin": kind.plugin}

    @get(f"{kind.url}/new", name=f"{kind.code}.new", **rights)
    async def new_record(member: FromQuery[UUID | None] = None) -> Template:
        """For whom, and then the form."""
        if member is None:
            return Template("records/for_whom.html", context={"kind": kind})
        return Template(FORM, context=await forms.opened(kind, member))

    @post(kind.url, name=f"{kind.code}.record", **rights)
    async def make_record(request: Request[Any, Any, Any]) -> Response[Any]:
        """Make a record."""
        return await made(kind, await read_form(request))

    @get(f"{kind.url}/{{record:uuid}}/edit", name=f"{kind.code}.edit", **rights)
    async def edit_record(record: FromPath[UUID]) -> Template:
        """The form with the record's values."""
        return Template(FORM, context=await forms.reopened(kind, record))

    @post(f"{kind.url}/{{record:uuid}}", name=f"{kind.code}.change", **rights)
    async def change_record(request: Request[Any, Any, Any], record: FromPath[UUID]) -> Response[Any]:
        """Correct a record."""
        return await changed(kind, record, await read_form(request))

    return [new_record, make_record, edit_record, change_record]


def _revealing(kind: Kind) -> list[Any]:
    rights: dict[str, Any] = {"permission": kind.read, "plugin": kind.plugin}
    piece = "members/sealed_value.html"

    @post(f"{kind.url}/{{record:uuid}}/reveal", name=f"{kind.code}.reveal", status_code=200, **rights)
    async def reveal(request: Request[Any, Any, Any], record: FromPath[UUID]) -> Template:
        """One masked value in the place of its mask, for a minute."""
        field = (await read_form(request))["field"]
        value = await revealing.reveal(kind, record, field)
        return Template(piece, context={"url": f"{kind.url}/{record}", "field": field, "value": value})

    @get(f"{kind.url}/{{record:uuid}}/masked", name=f"{kind.code}.masked", **rights)
    async def hide(record: FromPath[UUID], field: FromQuery[str]) -> Template:
        """The mask again."""
        entry = await revealing.sensitive(kind, record, field)
        context = {"url": f"{kind.url}/{record}", "field": field, "value": None}
        return Template(piece, context={**context, "masked": MASK, "revealable": present.may_reveal(entry, field)})

    return [reveal, hide]


async def of_stores(kind: Kind, cursor: str | None) -> Template:
    """Today's records, then earlier ones page by page."""
    today = reach.today_here()
    context = {
        "kind": kind,
        "todays": [] if cursor else (await rows.page(kind, day=today, limit=rows.MOST)).items,
        "earlier": await rows.page(kind, before=today, cursor=cursor),
        "cursor": cursor,
        "parts": present.parts,
        "may_write": bool(reach.writing_stores(kind)),
    }
    return Template("records/list.html", context=context)


async def of_member(kind: Kind, member: UUID, cursor: str | None) -> Template:
    """A member's records with their trends."""
    context = {
        "kind": kind,
        "member": await members.member(member),
        "page": await rows.page(kind, member=member, cursor=cursor),
        "charts": await charts(kind, member),
        "parts": present.parts,
        "may_write": bool(reach.writing_stores(kind)),
    }
    return Template("records/member.html", context=context)


async def of_record(kind: Kind, record: UUID) -> Template:
    """One record."""
    entry = await rows.one(kind, record)
    before = await rows.before(kind, entry)
    context = {
        "kind": kind,
        "entry": entry,
        "before": before,
        "shown": present.shown(entry, before),
        "charts": await charts(kind, entry.member),
        "store": store_of(entry.store),
        "may_write": reach.may_write(kind, entry.store),
    }
    return Template("records/one.html", context=context)


async def charts(kind: Kind, member: UUID) -> list[tuple[Any, dict[str, Any]]]:
    """The trend of each charted number that has one, with its label."""
    if not kind.charted:
        return []
    found = (await rows.page(kind, member=member, limit=TREND)).items
    drawn = ((kind.label(name), present.chart(kind, name, found)) for name in kind.charted)
    return [(label, spec) for label, spec in drawn if spec is not None]


async def made(kind: Kind, form: Form) -> Response[Any]:
    """Make a record of a form, or show the form again with what is wrong."""
    member, id_ = _id(form["member"], "member"), _id(form["id"] or uuid7().hex, "id")
    try:
        entry = await service.record(kind, member, forms.given(kind, form), store=form["store"] or None, id_=id_)
    except Invalid as refusal:
        return shown_again(FORM, form, refusal, await forms.context(kind, member))
    return done(f"{kind.url}/{entry.id}", _("Saved: {what} of {name}", what=kind.noun, name=entry.member_name))


async def changed(kind: Kind, record: UUID, form: Form) -> Response[Any]:
    """Correct a record by a form, or show the form again with what is wrong."""
    try:
        await service.change(kind, record, forms.corrected(kind, form), form.version())
    except DomainError as refusal:
        if not isinstance(refusal, Invalid | StaleVersion):
            raise
        entry = await rows.one(kind, record)
        return shown_again(FORM, form, refusal, await forms.context(kind, entry.member, entry))
    return done(f"{kind.url}/{record}", _("The correction was saved."))


def _id(given: str, name: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        message = _("open this form from a member's page")
        raise Invalid(message, [FieldError(name, message)]) from None


def attachment(kind: Kind, ending: str, media_type: str, content: bytes) -> Response[bytes]:
    """A file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{kind.plugin}-{kind.slug}.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)
