"""The web application: the handlers of every domain and plugin within one shell."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from litestar import Litestar, Router, get
from litestar.response import Response

from tessera import __version__
from tessera.access.idempotency import Idempotent
from tessera.domains import DOMAINS
from tessera.kernel.health import health
from tessera.kernel.plugins import PluginHost
from tessera.members.screens.redirecting import to_survivor
from tessera.web.guard import PUBLIC
from tessera.web.shell import web_app, web_settings

API = "/api/v1"


def domain_modules(drawer: str) -> Iterator[ModuleType]:
    """The modules of one drawer (``screens``, ``api``) of all domains that have it."""
    for plugin_module in DOMAINS:
        name = plugin_module.removesuffix(".plugin") + f".{drawer}"
        if importlib.util.find_spec(name):
            yield importlib.import_module(name)


def _handlers(drawer: str, host: PluginHost) -> list[Any]:
    found: list[Any] = []
    for module in domain_modules(drawer):
        found += getattr(module, "handlers", [])
        made: Callable[[PluginHost], list[Any]] | None = getattr(module, "handlers_for", None)
        found += made(host) if made else []
    return found


def plugin_routers(host: PluginHost) -> list[Router]:
    """Each plugin's pages below ``/<plugin>``, reachable where it is enabled."""
    routers = []
    for plugin in host.plugins:
        handlers = [h for d in host.declared("screens") if d.plugin == plugin for h in d.value.handlers]
        if handlers:
            routers.append(Router(f"/{plugin}", route_handlers=handlers, opt={"plugin": plugin}))
    return routers


def plugin_endpoints(host: PluginHost) -> list[Router]:
    """Each plugin's own endpoints below ``/api/v1/<plugin>``, reachable where it is enabled."""
    routers = []
    for plugin in host.plugins:
        handlers = [d.value for d in host.declared("api") if d.plugin == plugin]
        if handlers:
            routers.append(Router(f"/{plugin}", route_handlers=handlers, opt={"plugin": plugin}))
    return routers


@get("/health", permission=PUBLIC)
async def show_health() -> Response[dict[str, Any]]:
    """Whether this instance works, for a load balancer or a monitor."""
    answer = await health()
    return Response(answer, status_code=200 if answer["status"] != "down" else 503)


def make_app(
    host: PluginHost, *, public_url: str = "", lifespan: list[Any] | None = None, compiled: Path | None = None
) -> Litestar:
    """The application for a loaded host; ``lifespan`` opens and closes what it stands on.

    ``compiled`` is where compiled templates are kept from one start to the next.
    """
    rooms = Path(__file__).parent
    settings = web_settings(
        version=__version__,
        domain_templates=[p for p in sorted(rooms.glob("*/templates")) if p.is_dir()],
        plugin_templates={n: f for n, p in host.plugins.items() for f in p.candidate.folders("templates")},
        plugin_static={n: f for n, p in host.plugins.items() for f in p.candidate.folders("static")},
        compiled=compiled,
    )
    endpoints = [*_handlers("api", host), *plugin_endpoints(host)]
    api = Router(API, route_handlers=endpoints, include_in_schema=True, middleware=[Idempotent])
    handlers = [show_health, api, *_handlers("screens", host), *plugin_routers(host)]
    return web_app(
        handlers, public_url=public_url, settings=settings, lifespan=lifespan or [], before_request=to_survivor
    )


@asynccontextmanager
async def nothing(_: Litestar) -> AsyncIterator[None]:
    """A lifespan for tests, where everything is open already."""
    yield
