"""The API's description, as JSON alone: the framework's pages for it would load from foreign hosts."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.enums import OpenAPIMediaType
from litestar.serialization import encode_json

from tessera.access.permissions import PUBLIC


@get("/api/v1/openapi.json", permission=PUBLIC, include_in_schema=False, sync_to_thread=False)
def describe(request: Request[Any, Any, Any]) -> Response[bytes]:
    """OpenAPI 3.1 of all handlers that are part of the API."""
    described = encode_json(request.app.openapi_schema.to_schema())
    return Response(described, media_type=OpenAPIMediaType.OPENAPI_JSON)


handlers = [describe]
