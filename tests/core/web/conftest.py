"""An application of the page shell alone, and people who work with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from core.web.browser import PASSWORD, Browser
from core.web.pages import handlers
from litestar import Litestar

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.access.service import StaffFacts
from tessera.kernel.plugins import PluginHost
from tessera.web import screens
from tessera.web.shell import web_app, web_settings


@pytest.fixture(scope="session")
def app(plugin_host: PluginHost) -> Litestar:
    return web_app([*screens.handlers, *handlers], settings=web_settings(version="test"))


@pytest.fixture
async def browser(app: Litestar, db: None) -> AsyncIterator[Browser]:
    async with Browser(app) as opened:
        yield opened


@pytest.fixture
def another(app: Litestar) -> Callable[..., Browser]:
    """One more browser, perhaps at another address."""
    return lambda address="10.0.0.2": Browser(app, address)


@pytest.fixture
def hire(store: UUID) -> Callable[..., Awaitable[StaffFacts]]:
    """Someone who works here."""

    async def hired(login: str, role: str = "owner", store_code: str = "") -> StaffFacts:
        with system_actor():
            return await service.add_staff(login, login.title(), PASSWORD, role_code=role, store_code=store_code)

    return hired
