"""A person at a browser, as far as a test needs one: cookies, forms with their token, the pages they see."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
from litestar import Litestar

PASSWORD = "correct horse battery"


class Browser(httpx.AsyncClient):
    """Opens pages and sends their forms; ``seen`` is the text of the last page."""

    def __init__(self, app: Litestar, address: str = "10.0.0.1") -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 5000), raise_app_exceptions=False)
        super().__init__(transport=transport, base_url="http://tessera.test")
        self.seen = ""

    async def open(self, path: str, **options: Any) -> httpx.Response:
        """Open a page."""
        answer = await self.get(path, **options)
        self.seen = html.unescape(answer.text)
        return answer

    @property
    def token(self) -> str:
        """The token of a form on the last page."""
        found = re.search(r'name="_csrf" value="([^"]+)"', self.seen)
        assert found, "the page has no form"
        return found[1]

    async def submit(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Send a form of the last page."""
        answer = await self.post(path, data={"_csrf": self.token, **(form or {})}, **options)
        if answer.status_code != 303:
            self.seen = html.unescape(answer.text)
        return answer

    async def sign_in(self, login: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        """Sign in through the page."""
        await self.open("/sign-in")
        return await self.submit("/sign-in", {"login": login, "password": password, **form})
