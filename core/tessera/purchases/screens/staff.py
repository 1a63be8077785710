"""The report of whose sales they were."""

from __future__ import annotations

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.purchases import service
from tessera.purchases.screens.reports import meant_span, meant_store
from tessera.web.forms import Form

PAGE = "purchases/staff.html"


@get("/reports/staff", permission="purchases.read")
async def show_staff_sales(
    since: FromQuery[str | None] = None, until: FromQuery[str | None] = None, store: FromQuery[str | None] = None
) -> Template:
    """What each of the staff sold in some days."""
    first, last = meant_span(since, until)
    context = {
        "rows": await service.staff_sales(first, last, meant_store(store)),
        "form": Form.of(since=first.isoformat(), until=last.isoformat(), store=store or ""),
        "stores": [(s.code, s.name) for s in access.stores_of(actor())],
    }
    return Template(PAGE, context=context)


handlers = [show_staff_sales]
