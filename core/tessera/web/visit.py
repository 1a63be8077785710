"""What is known of the request that is being answered, for every part of the page shell."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote

import msgspec

from tessera.access import sealing
from tessera_hooks import Text

FLASH, LOCALE, THEME = "tessera_flash", "tessera_locale", "tessera_theme"
SESSION, VISITOR, DEVICE = "tessera_session", "tessera_visitor", "tessera_device"
SHARED = "tessera_shared"
"""The cookie of a tablet that the staff of a store share."""

YEAR = 365 * 24 * 3600
THEMES = ("auto", "light", "dark")


class Flash(msgspec.Struct):
    """A sentence that the next page shows once."""

    source: str
    values: dict[str, str]
    tone: str = "success"

    @property
    def text(self) -> Text:
        """The sentence, to be translated where it is shown."""
        return Text(self.source, **self.values)


@dataclass
class Visit:
    """One request: its id and path, what the browser brought, and the cookies it will be given.

    ``origin`` is how people reach us, such as ``https://crm.example.com``, for links that are shown.
    ``trouble`` is why it could not be found out who is asking; the guard raises it, so that it is
    answered like any other refusal.
    """

    request_id: str = "-"
    path: str = "/"
    query: str = ""
    address: str = "-"
    origin: str = ""
    user_agent: str = ""
    secure: bool = False
    is_htmx: bool = False
    is_api: bool = False
    theme: str = "auto"
    trouble: Exception | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: dict[str, str] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        """Whether the browser is a tablet that several people share."""
        return bool(self.cookies.get(SHARED))

    def give_cookie(self, name: str, value: str, max_age: int | None = YEAR) -> None:
        """Set a cookie with the answer: only for this site, never readable by scripts."""
        cookie: SimpleCookie = SimpleCookie()
        cookie[name] = value
        morsel = cookie[name]
        morsel["path"], morsel["samesite"], morsel["httponly"] = "/", "Lax", True
        if self.secure:
            morsel["secure"] = True
        if max_age is not None:
            morsel["max-age"] = str(max_age)
        self.set_cookies[name] = morsel.OutputString()
        self.cookies[name] = value

    def take_cookie(self, name: str) -> None:
        """Make the browser forget a cookie."""
        if name in self.cookies:
            self.give_cookie(name, "", 0)
            del self.cookies[name]

    def say(self, text: Text | str, tone: str = "success") -> None:
        """Leave a sentence for the next page."""
        values = {k: str(v) for k, v in text.values.items()} if isinstance(text, Text) else {}
        flash = Flash(text.source if isinstance(text, Text) else text, values, tone)
        told = quote(msgspec.json.encode(flash))
        self.give_cookie(FLASH, f"{sealing.sign(FLASH, told)}.{told}", 60)

    def said(self) -> Flash | None:
        """The sentence that the page before left; it is gone once asked for.

        Signed, for it is filled in like a form: a stranger's could ask for a word a billion letters wide.
        """
        raw = self.cookies.get(FLASH)
        if not raw:
            return None
        self.take_cookie(FLASH)
        signature, _dot, told = raw.partition(".")
        if not sealing.is_signed(FLASH, told, signature):
            return None
        return msgspec.json.decode(unquote(told), type=Flash)

    def csrf_token(self) -> str:
        """A token that only a page of this browser session can hold; another one on every page."""
        nonce = secrets.token_urlsafe(9)
        return f"{nonce}.{sealing.sign('csrf', nonce + self._browser())}"

    def is_own(self, token: str) -> bool:
        """Whether a token was given to this browser session."""
        nonce, _, signature = token.partition(".")
        known = SESSION in self.cookies or VISITOR in self.cookies
        return known and sealing.is_signed("csrf", nonce + self._browser(), signature)

    def _browser(self) -> str:
        """The secret that tells this browser session from others; before sign-in, one of its own."""
        if SESSION in self.cookies:
            return self.cookies[SESSION]
        if VISITOR not in self.cookies:
            self.give_cookie(VISITOR, secrets.token_urlsafe(24), None)
        return self.cookies[VISITOR]


current: ContextVar[Visit] = ContextVar("visit")


def visit() -> Visit:
    """The request that is being answered; an empty one outside of any."""
    try:
        return current.get()
    except LookupError:
        return Visit()
