"""What surrounds every request: its id, who makes it, the language, the headers that keep browsers safe."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie

import asyncpg
import structlog
from babel.core import negotiate_locale
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from tessera.access import service
from tessera.access.actor import NOBODY, Actor, acting_as
from tessera.kernel.business import business, has_business
from tessera.kernel.errors import DomainError, Unavailable
from tessera.kernel.ids import uuid7
from tessera.kernel.logs import logger
from tessera.kernel.texts import LOCALES, use_locale
from tessera.web import visit as visits
from tessera.web.errors import SENTENCES
from tessera.web.guard import SAFE_METHODS
from tessera.web.visit import Visit

_log = logger("tessera.web")
_level = logging.getLogger("tessera.web")

API = "/api/"
OURS = "tessera_"
UNATTENDED = ("/static/", "/service-worker.js", "/manifest.webmanifest", "/health")
"""Addresses for which nobody is looked up: they are the same for everyone."""

SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,80}\Z")
LANGUAGE = re.compile(r"\s*([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?")
SPOKEN = {"zh": "zh_Hans", "en": "en"}
LONGEST_WISH = 200
"""Characters of an ``Accept-Language`` that are read: answers to them are remembered."""

CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    b"content-security-policy": CONTENT_SECURITY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
}
SLOW = 1.0
"""Seconds after which a request is worth a line in the log."""

HSTS = b"max-age=31536000"


@dataclass(frozen=True)
class Frame:
    """An ASGI application around the routes, outside of the error pages, which need all of this too."""

    app: ASGIApp
    public_url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        raw = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        visit = self._visit(scope, raw)
        token = visits.current.set(visit)
        try:
            said = structlog.contextvars.bind_contextvars(request_id=visit.request_id)
            try:
                await self._attend(visit, raw, scope, receive, send)
            finally:
                structlog.contextvars.reset_contextvars(**said)
        finally:
            visits.current.reset(token)

    def _visit(self, scope: Scope, raw: dict[bytes, str]) -> Visit:
        given = raw.get(b"x-request-id", "")
        client = scope.get("client")
        cookies = dict(_cookies(raw[b"cookie"])) if b"cookie" in raw else {}
        theme = cookies.get(visits.THEME, "auto")
        return Visit(
            request_id=given if SANE_ID.match(given) else uuid7().hex,
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            address=client[0] if client else "-",
            origin=self.public_url.rstrip("/") or f"{scope['scheme']}://{raw.get(b'host', '')}",
            user_agent=raw.get(b"user-agent", ""),
            secure=self.public_url.startswith("https://") or scope["scheme"] == "https",
            is_htmx=raw.get(b"hx-request") == "true",
            is_api=scope["path"].startswith(API),
            theme=theme if theme in visits.THEMES else "auto",
            cookies=cookies,
        )

    async def _attend(
        self, visit: Visit, raw: dict[bytes, str], scope: HTTPScope, receive: Receive, send: Send
    ) -> None:
        began = time.perf_counter()
        status = 0

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(visit, message["headers"])]
            await send(message)

        someone = NOBODY
        if not visit.path.startswith(UNATTENDED):
            try:
                someone = await recognise(visit, raw.get(b"authorization", ""))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as trouble:
                _log.error("nobody_could_be_recognised", problem=str(trouble))
                visit.trouble = Unavailable(SENTENCES[503])
            except DomainError as trouble:
                visit.trouble = trouble
        spoken = locale_of(visit, someone, raw.get(b"accept-language", ""))
        with acting_as(someone), use_locale(spoken):
            await self.app(scope, receive, send_framed)
        _note(visit, scope["method"], status, time.perf_counter() - began)

    def _headers(self, visit: Visit, given: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in given}
        yield from ((name, value) for name, value in HEADERS.items() if name not in there)
        yield b"x-request-id", visit.request_id.encode()
        if self.public_url.startswith("https://"):
            yield b"strict-transport-security", HSTS
        if b"cache-control" not in there:
            yield b"cache-control", b"no-store"
        for cookie in visit.set_cookies.values():
            yield b"set-cookie", cookie.encode("latin-1")


def _note(visit: Visit, method: str, status: int, seconds: float) -> None:
    """Log what changes something, fails or is slow; pages that were merely read only where debugging is on.

    A line costs a third of what the whole shell costs otherwise.
    """
    noteworthy = method not in SAFE_METHODS or status >= HTTPStatus.BAD_REQUEST or seconds > SLOW
    if noteworthy or _level.isEnabledFor(logging.DEBUG):
        _log.info("request", method=method, path=visit.path, status=status, ms=round(seconds * 1000, 1))


def _cookies(header: str) -> Iterator[tuple[str, str]]:
    """Our own cookies; those of other applications on the same host, well written or not, are passed over."""
    for part in header.split(";"):
        if part.strip().startswith(OURS):
            with contextlib.suppress(CookieError):
                yield from ((name, morsel.value) for name, morsel in SimpleCookie(part.strip()).items())


async def recognise(visit: Visit, authorization: str) -> Actor:
    """Who makes a request: the holder of an API key, or of a session. A wrong key is nobody."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return await service.recognise(key.strip()) or NOBODY
    token = visit.cookies.get(visits.SESSION)
    if not token:
        return NOBODY
    someone = await service.resume(token)
    if someone is None:
        visit.take_cookie(visits.SESSION)
        return NOBODY
    if someone.theme in visits.THEMES and visits.THEME not in visit.cookies:
        visit.theme = str(someone.theme)
    return someone


def locale_of(visit: Visit, someone: Actor, accepted: str) -> str:
    """The language to answer in: chosen in this browser, by this person, by the browser, by the business."""
    for chosen in (visit.cookies.get(visits.LOCALE), someone.locale):
        if chosen in LOCALES:
            return str(chosen)
    return _asked_for(accepted[:LONGEST_WISH]) or (business().locale if has_business() else "en")


@lru_cache(maxsize=256)
def _asked_for(accepted: str) -> str | None:
    """The language that an ``Accept-Language`` asks for, of those spoken here."""
    wanted = [part.split(";")[0].strip() for part in accepted.split(",") if part.strip()]
    match = negotiate_locale([w.split("-")[0] for w in wanted], list(SPOKEN))
    return SPOKEN[match] if match else None
