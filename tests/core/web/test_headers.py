"""What browsers are told, on every answer."""

from __future__ import annotations

import re

import pytest
from core.web.browser import Browser
from core.web.pages import handlers

from tessera.web import icons, screens
from tessera.web.shell import web_app, web_settings

EVERYWHERE = ["/sign-in", "/nowhere", "/api/v1/refuse/bug", "/static/tessera.css", "/manifest.webmanifest"]


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_carries_the_headers_that_keep_browsers_safe(browser, business, path):
    headers = (await browser.get(path)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_pages_are_not_kept_by_caches_and_static_files_are_until_they_change(browser, hire):
    await hire("ana")
    await browser.open("/sign-in")
    assert (await browser.get("/sign-in")).headers["cache-control"] == "no-store"
    address = re.search(r"/static/tessera\.css\?v=\w+", browser.seen)[0]
    lasting = await browser.get(address)
    assert "immutable" in lasting.headers["cache-control"]
    assert lasting.headers["content-encoding"] == "gzip"
    assert (await browser.get("/static/tessera.css")).headers["cache-control"] == "no-cache"
    again = await browser.get(address, headers={"If-None-Match": lasting.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["../shell.py", "..%2fshell.py", "vendor/stamp", "vendor", "%2e%2e/%2e%2e/pyproject.toml"]
)
async def test_only_static_files_are_served(browser, business, path):
    assert (await browser.get(f"/static/{path}")).status_code == 404


async def test_behind_tls_cookies_are_secure_and_browsers_remember_to_come_by_tls(plugin_host, db):
    app = web_app(
        [*screens.handlers, *handlers], public_url="https://crm.example.com", settings=web_settings(version="t")
    )
    async with Browser(app) as browser:
        answer = await browser.open("/setup")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))


async def test_no_page_has_inline_scripts_or_styles_or_foreign_hosts(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    for path in ("/", "/settings/business", "/settings/stores", "/settings/staff", "/settings/roles", "/nowhere"):
        await browser.open(path)
        assert not re.search(r"<script(?![^>]*\ssrc=)", browser.seen)
        assert not re.search(r"<style|\sstyle=|\son\w+=", browser.seen)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', browser.seen)


async def test_the_api_describes_itself_as_json_and_has_no_page_from_foreign_hosts(browser, business):
    described = await browser.get("/api/v1/openapi.json")
    assert described.json()["openapi"].startswith("3.1")
    for page in ("/schema", "/schema/swagger", "/api/v1/swagger", "/api/v1/redoc"):
        assert (await browser.get(page)).status_code == 404


async def test_the_home_screen_carries_the_name_of_the_business(browser, business):
    described = (await browser.get("/manifest.webmanifest")).json()
    assert described["name"] == "Harbour Gym"
    assert {icon["sizes"] for icon in described["icons"]} >= {"192x192", "512x512", "any"}
    for icon in described["icons"]:
        assert (await browser.get(icon["src"])).status_code == 200


async def test_icons_that_the_navigation_names_exist(plugin_host):
    for declared in plugin_host.declared("screens"):
        assert declared.value.icon in icons.shapes(), f"did you mean {icons.nearest(declared.value.icon)}?"


async def test_an_unknown_icon_draws_a_point_and_its_neighbour_is_named():
    assert icons.nearest("calender") == "calendar"
    assert icons.shapes()["point"] in icons.icon("no-such-icon")
