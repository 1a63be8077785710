"""The business's mail server: its settings, and a connection that never waits for ever."""

from __future__ import annotations

import os
import re
import ssl
from typing import Any, Literal, cast

import aiosmtplib
import msgspec

from tessera.access.sealing import keys
from tessera.kernel.business import business, set_setting, setting
from tessera.kernel.errors import FieldError, Invalid, Unavailable
from tessera.messaging.service.addresses import checked_address
from tessera_hooks import Text, _

TIMEOUT = 20.0
"""Seconds for each step of a conversation (RFC 5321 allows minutes; a healthy relay needs less than one)."""

FROM_ENVIRONMENT = "TESSERA_SMTP_PASSWORD"
IN_KEY_FILE = "smtp_password"
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?\Z")

SECURITY: dict[str, Text] = {
    "starttls": _("STARTTLS (usually port 587)"),
    "tls": _("TLS from the start (usually port 465)"),
    "none": _("None: only for a relay on this machine"),
}


class SmtpSettings(msgspec.Struct, frozen=True):
    """Where mail is handed in, and whom it comes from. The password is not among the settings."""

    host: str = ""
    port: int = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    sender: str = ""

    @property
    def is_set(self) -> bool:
        """Whether mail can be handed in at all."""
        return bool(self.host and self.sender)


def smtp_settings() -> SmtpSettings:
    """The settings as they are."""
    return msgspec.convert(setting("messaging.smtp", {}), SmtpSettings)


def password() -> str:
    """The mail server's password: from the environment, else from the instance's key file."""
    return os.environ.get(FROM_ENVIRONMENT) or keys().secrets.get(IN_KEY_FILE, "")


async def change_smtp(host: str, port: str, security: str, user: str, sender: str) -> None:
    """Change where mail is handed in; everything is checked first, nothing is connected to."""
    errors = []
    if not HOST.match(host.strip()):
        errors.append(FieldError("host", _("give the server's name, such as smtp.example.com")))
    if not port.strip().isdecimal() or not 1 <= int(port) <= 65535:
        errors.append(FieldError("port", _("give a number from 1 to 65535")))
    if security not in SECURITY:
        errors.append(FieldError("security", _("choose how the connection is secured")))
    try:
        sender = checked_address(sender, "sender")
    except Invalid as refused:
        errors += refused.errors
    if errors:
        raise Invalid(_("Some values cannot be accepted."), errors)
    fresh = SmtpSettings(host.strip(), int(port), cast("Any", security), user.strip(), sender)
    await set_setting("messaging.smtp", msgspec.to_builtins(fresh))


class MailServerUnavailable(Unavailable):
    """The mail server does not answer, or does not let us in."""

    code = "mail_server_unavailable"


async def connect(settings: SmtpSettings | None = None) -> aiosmtplib.SMTP:
    """A connection that is ready for mail; ``MailServerUnavailable`` with the reason where there is none.

    Our name in the greeting is the sender's domain: looking up the machine's own may block for long.
    """
    given = settings or smtp_settings()
    if not given.is_set:
        raise MailServerUnavailable(_("no mail server is set: fill in the settings of messages"))
    client = aiosmtplib.SMTP(
        hostname=given.host,
        port=given.port,
        username=given.user or None,
        password=password() or None if given.user else None,
        use_tls=given.security == "tls",
        start_tls=given.security == "starttls",
        tls_context=ssl.create_default_context() if given.security != "none" else None,
        timeout=TIMEOUT,
        local_hostname=given.sender.rpartition("@")[2],
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
        client.close()
        message = _("the mail server {host} cannot be used ({problem})", host=given.host, problem=_said(problem))
        raise MailServerUnavailable(message) from problem
    return client


def _said(problem: Exception) -> str:
    if isinstance(problem, aiosmtplib.SMTPResponseException):
        return f"{problem.code} {problem.message}"[:200]
    return (str(problem) or type(problem).__name__)[:200]


def sender_name() -> str:
    """The name that mail comes from, on one line."""
    return " ".join(business().name.split())
