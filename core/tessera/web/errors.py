"""One table from refusals to HTTP, told to programs as problem details and to people as a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect, Template

from tessera.access.idempotency import RAISED
from tessera.kernel import errors
from tessera.kernel.business import NotSetUp
from tessera.kernel.logs import logger
from tessera.kernel.texts import translate
from tessera.web.visit import visit
from tessera_hooks import Text, _

_log = logger(__name__)

STATUS: dict[type[Exception], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    NotSetUp: 503,
    errors.DomainError: 409,
    asyncpg.PostgresConnectionError: 503,
    asyncpg.OperatorInterventionError: 503,
    asyncpg.InsufficientResourcesError: 503,
    asyncpg.InterfaceError: 503,
    asyncpg.DataError: 422,
    UnicodeDecodeError: 400,
    ConnectionError: 503,
    TimeoutError: 503,
}
"""What a refusal is in HTTP; a class stands for those below it that have no line of their own.

A value that the database cannot hold (a NUL, a number of forty digits) should have been named by its field
before; where nobody did, it is still the value that is wrong, not the server.
"""

CODES = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many",
    503: "unavailable",
}

SENTENCES = {
    400: _("The request could not be understood."),
    401: _("Sign in first."),
    403: _("You may not see this page. Ask the owner for the right to it."),
    404: _("This page does not exist. Perhaps it was moved, or the address has a slip of the pen."),
    405: _("This address does not take that kind of request."),
    413: _("What you sent is too large."),
    415: _("This kind of content is not taken here."),
    422: _("Some values cannot be accepted."),
    429: _("Too many attempts. Wait a moment and try again."),
    500: _("Something went wrong on our side. Nothing was half done: try again, and tell the owner if it stays."),
    503: _("Tessera cannot reach its database at the moment. Try again in a minute."),
}

TITLES = {
    400: _("Not understood"),
    401: _("Not signed in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Not possible here"),
    409: _("That does not go together"),
    413: _("Too large"),
    422: _("Not accepted"),
    429: _("One moment"),
    503: _("Not available"),
}


@dataclass(frozen=True)
class Problem:
    """A refusal as both kinds of readers need it."""

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """A few words for the kind of problem."""
        return translate(TITLES.get(self.status, _("Something went wrong")))


def status_of(refusal: Exception) -> int:
    """The status of the nearest class in the table; 500 for what is in none."""
    if isinstance(refusal, HTTPException):
        return 422 if is_wrong_value(refusal) else refusal.status_code
    if is_too_deep(refusal):
        return 400
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 500)


def is_too_deep(refusal: Exception) -> bool:
    """Whether a body was nested so deeply that its decoder gave up; any other endless descent is an accident."""
    return isinstance(refusal, RecursionError) and "deserializing" in str(refusal)


def is_wrong_value(refusal: Exception) -> bool:
    """Whether the framework could read the input, but a value in it cannot be accepted."""
    return isinstance(refusal, ValidationException) and isinstance(refusal.extra, list) and bool(refusal.extra)


def problem_of(refusal: Exception) -> Problem:
    """What is told of a refusal; of an accident, only that it happened."""
    status = status_of(refusal)
    sentence = translate(SENTENCES.get(status, SENTENCES[500]))
    if isinstance(refusal, errors.DomainError):
        return of_domain(refusal, status)
    if isinstance(refusal, HTTPException):
        headers = {k: v for k, v in (refusal.headers or {}).items() if k.lower() != "content-type"}
        code = CODES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_"))
        return Problem(status, code, sentence, of_framework(refusal), headers=headers)
    return Problem(status, CODES.get(status, "internal"), sentence)


def of_domain(refusal: errors.DomainError, status: int) -> Problem:
    """A refusal of a domain: its own code, sentence, fields and facts."""
    fields, headers = [], {}
    if isinstance(refusal, errors.Invalid):
        fields = [{"field": e.field, "message": translate(e.message)} for e in refusal.errors]
    if isinstance(refusal, errors.TooMany):
        headers["Retry-After"] = str(refusal.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(status, refusal.code, translate(refusal.message), fields, refusal.facts, headers)


def of_framework(refusal: HTTPException) -> list[dict[str, str]]:
    """The fields that the framework found wrong, as ``{"field", "message"}``."""
    rows = refusal.extra if isinstance(refusal.extra, list) else []
    return [
        {"field": str(row.get("key", "")), "message": str(row.get("message", ""))}
        for row in rows
        if isinstance(row, dict)
    ]


def answer(request: Request[Any, Any, Any], refusal: Exception) -> Response[Any]:
    """The response to a refusal: JSON for programs and for htmx, a redirect to sign-in, or a page."""
    problem = problem_of(refusal)
    request.scope[RAISED] = refusal  # type: ignore[literal-required]
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR or isinstance(refusal, asyncpg.DataError):
        _log.error("request_failed", path=request.url.path, status=problem.status, exc_info=refusal)
    if wants_json(request):
        return as_json(problem)
    if request.method == "GET" and problem.status == HTTPStatus.UNAUTHORIZED:
        return Redirect("/sign-in" + came_from(request), status_code=303)
    if isinstance(refusal, NotSetUp):
        return Redirect("/setup", status_code=303)
    return as_page(problem)


def came_from(request: Request[Any, Any, Any]) -> str:
    """The page to go on to after signing in, as a query."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "" if path == "/" else f"?next={quote(path)}"


def wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether a program is asking: below ``/api/``, by its Accept header, or htmx within a page."""
    accept = request.headers.get("accept", "")
    return visit().is_api or visit().is_htmx or ("json" in accept and "text/html" not in accept)


def as_json(problem: Problem) -> Response[bytes]:
    """Problem details (RFC 9457)."""
    body: dict[str, Any] = {
        "type": f"urn:tessera:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": visit().request_id,
        **{key: value for key, value in problem.facts.items() if value is not None},
    }
    if problem.errors:
        body["errors"] = problem.errors
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )


def as_page(problem: Problem) -> Template:
    """A friendly page with the request's id and the next step."""
    return Template(
        "web/error.html",
        context={"problem": problem, "request_id": visit().request_id},
        status_code=problem.status,
        headers=problem.headers,
        media_type="text/html",
    )


def next_step(status: int) -> Text:
    """What a person can do about it."""
    return {
        401: _("Sign in"),
        404: _("To the first page"),
        429: _("Try again"),
        500: _("Try again"),
        503: _("Try again"),
    }.get(status, _("Go back"))
