"""The public page behind the link of a message: says no to the next ones, asks for nothing."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access.permissions import PUBLIC
from tessera.kernel.texts import set_locale
from tessera.messaging import service
from tessera.messaging.service.texts import spoken
from tessera.web.visit import LOCALE, visit

PAGE = "messaging/unsubscribe.html"


def _page(found: service.Subscription, token: str, *, is_done: bool) -> Template:
    language = spoken(found.language)
    if language and LOCALE not in visit().cookies:
        set_locale(language)
    return Template(PAGE, context={"subscription": found, "token": token, "is_done": is_done})


@get("/m/u/{token:str}", permission=PUBLIC)
async def ask(token: FromPath[str]) -> Template:
    """Ask, with one button: opening a link must change nothing, for programs open links too."""
    found = await service.subscription(token)
    return _page(found, token, is_done=found.state == "refused")


@post("/m/u/{token:str}", permission=PUBLIC, foreign_forms=True, status_code=200)
async def unsubscribe(token: FromPath[str]) -> Template:
    """Take the no: from the button, or from a mail program in one click (RFC 8058), without cookie or sign-in."""
    return _page(await service.unsubscribe(token), token, is_done=True)


handlers = [ask, unsubscribe]
