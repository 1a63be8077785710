"""The log of messages: every decision with its reason in words."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template

from tessera.messaging import service


@get("/messages", permission="messages.send")
async def list_messages(
    wanted: Annotated[str | None, QueryParameter(name="state")] = None,
    rule: FromQuery[str | None] = None,
    member: FromQuery[UUID | None] = None,
    cursor: FromQuery[UUID | None] = None,
) -> Template:
    """Messages, filtered by what became of them."""
    state = wanted if wanted in service.STATES else None
    page = await service.messages(state=state, rule=rule, member=member, cursor=cursor)
    kept = {name: str(value) for name, value in (("rule", rule), ("member", member)) if value}
    more = urlencode({**kept, **({"state": state} if state else {}), "cursor": str(page.next)})
    context = {
        "page": page,
        "state": state,
        "kept": urlencode(kept),
        "next": f"/messages?{more}" if page.next else "",
        "counts": await service.counts(rule),
        "states": service.STATES,
        "tones": service.TONES,
        "title_of": service.title_of,
        "mode": service.mode(),
        "modes": service.MODES,
        "no_server": not service.smtp_settings().is_set,
    }
    return Template("messaging/log.html", context=context)


@get("/messages/{message:uuid}", permission="messages.send")
async def show_message(message: FromPath[UUID]) -> Template:
    """One message: the decision, and the text that went out."""
    line, content = await service.message(message)
    context = {
        "message": line,
        "content": content,
        "states": service.STATES,
        "tones": service.TONES,
        "title_of": service.title_of,
    }
    return Template("messaging/message.html", context=context)


handlers = [list_messages, show_message]
