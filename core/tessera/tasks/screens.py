"""The page of tasks, made for a phone between two customers."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template

from tessera.tasks import service
from tessera.web.forms import done, read_form
from tessera_hooks import _


@get("/tasks", permission="members.read")
async def list_tasks(
    wanted: Annotated[Literal["open", "done"], QueryParameter(name="state")] = "open",
    cursor: FromQuery[UUID | None] = None,
) -> Template:
    """What waits for whoever is signed in, or what was done."""
    page = await service.tasks(wanted, cursor=cursor)
    context = {"page": page, "state": wanted, "outcomes": service.OUTCOMES, "waiting": await service.count_open()}
    return Template("tasks/list.html", context=context)


@post("/tasks/{task:uuid}/done", permission="members.read")
async def finish(request: Request[Any, Any, Any], task: FromPath[UUID]) -> Response[Any]:
    """Finish a task with an outcome of one tap, or in one's own words."""
    form = await read_form(request)
    member = (await service.task(task)).member if form.has("from", "member") else None
    await service.finish_task(task, form["words"] or form["outcome"] or "done")
    back = f"/members/{member}" if member else "/tasks"
    return done(back, _("Done. If that was a slip, open it again below “Done”."))


@post("/tasks/{task:uuid}/reopen", permission="members.read")
async def reopen(task: FromPath[UUID]) -> Response[Any]:
    """Take a finishing back."""
    await service.reopen_task(task)
    return done("/tasks", _("The task is open again."))


handlers = [list_tasks, finish, reopen]
