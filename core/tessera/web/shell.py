"""The page shell as one application: what every Litestar of Tessera is made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment
from litestar import Litestar, Router
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig

from tessera.access.permissions import PUBLIC
from tessera.kernel.errors import DomainError
from tessera.web import schema, static
from tessera.web.errors import answer
from tessera.web.frame import Frame
from tessera.web.guard import guard, refuse_unguarded
from tessera.web.templates import environment

LARGEST_BODY = 25_000_000
"""Bytes of a request; a picture or a spreadsheet fits."""


def web_settings(
    *,
    version: str,
    domain_templates: Sequence[Path] = (),
    plugin_templates: Mapping[str, Path] | None = None,
    plugin_static: Mapping[str, Path] | None = None,
    compiled: Path | None = None,
) -> dict[str, Any]:
    """What to hand to Litestar beside the handlers.

    ``domain_templates`` are the ``templates`` folders of the core's rooms; ``plugin_templates`` and
    ``plugin_static`` those of plugins, by name; ``compiled`` is where compiled templates are kept.
    """
    static.use_folders(plugin_static or {})
    made: Environment = environment(domain_templates, plugin_templates or {}, compiled)
    return {
        "guards": [guard],
        "exception_handlers": {DomainError: answer, HTTPException: answer, Exception: answer},
        "template_config": TemplateConfig(instance=JinjaTemplateEngine.from_environment(made)),
        "openapi_config": OpenAPIConfig(
            title="Tessera",
            version=version,
            # The framework's pages for people would load scripts from foreign hosts.
            render_plugins=[JsonRenderPlugin()],
            openapi_router=Router(
                "/api/schema", route_handlers=[], opt={"permission": PUBLIC}, include_in_schema=False
            ),
        ),
        "request_max_body_size": LARGEST_BODY,
        "include_in_schema": False,
        "logging_config": None,
    }


def web_app(handlers: Sequence[Any], *, public_url: str = "", settings: Mapping[str, Any], **more: Any) -> Litestar:
    """The application: handlers, ``web_settings(...)``, and whatever else Litestar takes.

    Handlers of an API state ``include_in_schema=True`` on their router. A handler without a permission
    stops the start.
    """
    app = Litestar([*handlers, *static.handlers, *schema.handlers], **{**settings, **more})
    refuse_unguarded(
        [
            handler
            for route in app.routes
            for handler in getattr(route, "route_handlers", [])
            if handler.fn.__module__ != "litestar.routes.http"
        ]
    )
    app.asgi_handler = Frame(app.asgi_handler, public_url)
    return app
