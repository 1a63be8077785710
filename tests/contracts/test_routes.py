"""Every way in: each states a permission, a plugin's are its own, and nobody comes in without a key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import Litestar

from tessera.access.permissions import PUBLIC, SIGNED_IN
from tessera.access.service import permissions
from tessera.kernel.plugins import PluginHost

SOMEONE = "0195f0a0-0000-7000-8000-000000000001"


def routes(app: Litestar) -> list[tuple[str, str, Any]]:
    """Path, method and handler of every route that a person wrote."""
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if handler.fn.__module__.startswith(("litestar.",)):
                continue
            found += [(route.path, str(m), handler) for m in sorted(handler.http_methods) if m != "OPTIONS"]
    return found


def test_every_route_states_a_permission_that_exists(app: Litestar, business: None):
    known = {p.name for p in permissions()} | {PUBLIC, SIGNED_IN}
    wrong = [f"{m} {p}: {h.opt.get('permission')}" for p, m, h in routes(app) if h.opt.get("permission") not in known]
    assert wrong == []


def test_what_is_public_is_a_short_list(app: Litestar):
    public = sorted({p for p, _m, h in routes(app) if h.opt["permission"] == PUBLIC})
    allowed = (
        "/health",
        "/manifest.webmanifest",
        "/service-worker.js",
        "/sign-in",
        "/join",
        "/switch",
        "/setup",
        "/static/",
        "/m/u/",
        "/api/v1/openapi.json",
    )
    assert [p for p in public if not p.startswith((*allowed, "/preferences", "/sign-out"))] == []


def test_a_plugins_routes_are_below_its_name_and_carry_it(app: Litestar, plugin_host: PluginHost):
    wrong = []
    for path, _method, handler in routes(app):
        plugin = handler.opt.get("plugin")
        below = next((n for n in plugin_host.plugins if path.startswith((f"/{n}/", f"/api/v1/{n}/"))), None)
        if plugin != below:
            wrong.append(f"{path}: {plugin}")
    assert wrong == []


async def test_no_endpoint_answers_without_a_key(app: Litestar, business: None):
    wrong = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as nobody:
        for path, method, handler in routes(app):
            if not path.startswith("/api/v1") or handler.opt["permission"] == PUBLIC:
                continue
            answer = await nobody.request(method, _filled(path), json={})
            if answer.status_code != 401 or answer.headers["content-type"] != "application/problem+json":
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


async def test_a_key_without_permissions_is_refused_everywhere(app: Litestar, api_client):
    wrong = []
    async with await api_client("audit.read") as client:
        for path, method, handler in routes(app):
            permission = handler.opt["permission"]
            if not path.startswith("/api/v1") or permission in {PUBLIC, SIGNED_IN, "audit.read"}:
                continue
            answer = await client.request(method, f"http://test{_filled(path)}", json={})
            if answer.status_code != 403:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


async def test_no_page_opens_without_signing_in(app: Litestar, business: None):
    wrong = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as nobody:
        for path, method, handler in routes(app):
            if path.startswith("/api/") or method != "GET" or handler.opt["permission"] == PUBLIC:
                continue
            answer = await nobody.get(_filled(path), headers={"accept": "text/html"})
            if answer.status_code not in {302, 303} or not answer.headers["location"].startswith(
                ("/sign-in", "/setup")
            ):
                wrong.append(f"{path}: {answer.status_code}")
    assert wrong == []


def _filled(path: str) -> str:
    """A path with something in the place of its parameters."""
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            parts.append(SOMEONE if "uuid" in part else "x")
        else:
            parts.append(part)
    return "/".join(parts)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/members/not-an-id"])
async def test_what_is_not_there_is_a_problem_with_a_code(api: httpx.AsyncClient, path: str):
    answer = await api.get(f"http://test{path}")
    assert answer.status_code == 404
    assert set(answer.json()) >= {"type", "title", "status", "detail", "code"}
