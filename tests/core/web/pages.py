"""Pages and endpoints of the tests' own, each with one thing to show."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.actor import actor
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound, TooMany
from tessera.web.guard import PUBLIC, SIGNED_IN
from tessera_hooks import _


class Shelved(Conflict):
    """A refusal of a domain, with a code of its own."""

    code = "shelved"


REFUSALS: dict[str, Exception] = {
    "missing": NotFound(_("This page does not exist.")),
    "shelved": Shelved("it lies on the shelf", shelf=3),
    "invalid": Invalid("wrong", [FieldError("phone", "has too few digits")]),
    "busy": TooMany("slowly", 7),
    "bug": RuntimeError("the password is swordfish"),
}


@get("/", permission=SIGNED_IN, sync_to_thread=False)
def home() -> Template:
    """The first page."""
    return Template(template_str='{% extends "web/page.html" %}{% block title %}Home{% endblock %}')


@get(["/refuse/{kind:str}", "/api/v1/refuse/{kind:str}"], permission=PUBLIC, sync_to_thread=False)
def refuse(kind: FromPath[str]) -> None:
    """Fail in a way that is asked for."""
    raise REFUSALS[kind]


@get("/api/v1/points/{n:int}", permission="points.read", sync_to_thread=False)
def points(n: FromPath[int], low: FromQuery[int] = 0) -> dict[str, Any]:
    """Something that needs a permission, and reads numbers."""
    return {"n": n, "low": low, "actor": actor().label}


@post("/api/v1/points", permission="points.write", sync_to_thread=False)
def write_points() -> dict[str, str]:
    """Something that changes."""
    return {"actor": actor().label}


@get("/of-fitness", permission=PUBLIC, plugin="fitness", sync_to_thread=False)
def of_fitness() -> str:
    """A page of a plugin."""
    return "fitness"


@post("/echo", permission=PUBLIC)
async def echo(request: Request[Any, Any, Any]) -> Response[str]:
    """What a form brought."""
    return Response((await request.form()).get("word", ""), media_type="text/plain")


handlers = [home, refuse, points, write_points, of_fitness, echo]
