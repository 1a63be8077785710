"""A cashier at the till's page: what stands in its form is sent back with each tap, as a browser does."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx

TEXTUAL = ("hidden", "text", "search", "")


class Fields(HTMLParser):
    """The values that a browser would send of the page's fields."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        kind = given.get("type", "")
        sent = kind in TEXTUAL or (kind == "radio" and "checked" in given)
        if tag == "input" and "name" in given and sent and "disabled" not in given:
            self.values.append((given["name"] or "", given.get("value") or ""))


class Counter:
    """The till as it stands; ``text`` is the page without its tags."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.html = ""
        self.values: list[tuple[str, str]] = []

    async def open(self, query: str = "") -> Counter:
        """Open the till."""
        self._take(await self.client.get(f"/till{query}"))
        return self

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        self.html = answer.text
        fields = Fields()
        fields.feed(self.html[self.html.find('<form id="till"') :])
        self.values = fields.values

    def fill(self, name: str, value: str) -> Counter:
        """Type into a field, or choose."""
        self.values = [(key, old) for key, old in self.values if key != name] + [(name, value)]
        return self

    async def send(self, path: str = "/till", **typed: str) -> httpx.Response:
        """Send the form."""
        for name, value in typed.items():
            self.fill(name, value)
        body = urlencode(self.values)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.client.post(path, content=body, headers=headers, follow_redirects=True)

    async def enter(self, item: str = "", **typed: str) -> Counter:
        """Scan or type something, or tap a button (``do``)."""
        self._take(await self.send(item=item, **typed))
        return self

    async def tap(self, do: str = "") -> Counter:
        """Send the form as it stands, by a button of it."""
        self._take(await self.send(do=do))
        return self

    async def sell(self) -> str:
        """Take the payment; the page that follows."""
        answer = await self.send("/till/sell")
        assert answer.status_code == 200, answer.text
        return plain(answer.text)

    @property
    def text(self) -> str:
        """What the page says."""
        return plain(self.html)


def plain(html: str) -> str:
    """A page without its tags, its spaces single."""
    body = html[html.find("<main") :]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())
