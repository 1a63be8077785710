"""What a phone needs to put Tessera on its home screen."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from tessera.access.permissions import PUBLIC
from tessera.kernel.business import business, has_business
from tessera.web.static import static


@get("/manifest.webmanifest", permission=PUBLIC, sync_to_thread=False)
def manifest() -> Response[bytes]:
    """The web application manifest, under the name of the business."""
    name = business().name if has_business() else "Tessera"
    described: dict[str, Any] = {
        "name": name,
        "short_name": name[:12],
        "id": "/",
        "start_url": "/",
        "display": "standalone",
        "background_color": "#f6f8fb",
        "theme_color": "#0f766e",
        "icons": [
            {"src": static("icon-192.png"), "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": static("icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any"},
            {"src": static("icon-512-maskable.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
            {"src": static("logo.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    }
    return Response(msgspec.json.encode(described), media_type="application/manifest+json")


handlers = [manifest]
