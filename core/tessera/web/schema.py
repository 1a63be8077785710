"""The API's description, as JSON alone: the framework's pages for it would load from foreign hosts."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.enums import OpenAPIMediaType
from litestar.serialization import encode_json

from tessera.access.permissions import PUBLIC
from tessera.web.errors import CODES, TITLES

PROBLEMS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
"""How any call of the API can be refused; what is not refused so is an accident."""

PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal (RFC 9457); further members are facts that belong to its code.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

BEARER = "key"


def described(app: Litestar) -> dict[str, Any]:
    """OpenAPI 3.1 of all handlers that are part of the API, each with the refusals that all have."""
    schema: dict[str, Any] = app.openapi_schema.to_schema()
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {BEARER: {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{BEARER: []}]
    for path in schema["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].update({str(status): _refusal(status) for status in PROBLEMS})
    return schema


def _refusal(status: int) -> dict[str, Any]:
    title = str(TITLES.get(status) or CODES[status])
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {"application/problem+json": {"schema": reference}}}


@get("/api/v1/openapi.json", permission=PUBLIC, include_in_schema=False, sync_to_thread=False)
def describe(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description, made once for each process."""
    state = request.app.state
    if "described" not in state:
        state.described = encode_json(described(request.app))
    return Response(state.described, media_type=OpenAPIMediaType.OPENAPI_JSON)


handlers = [describe]
