"""A message as mail: headers, text, and the link by which to refuse the next ones (RFC 2369, RFC 8058)."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.texts import translate
from tessera.messaging.service import links
from tessera.messaging.service.smtp import sender_name
from tessera_hooks import _

LINK_HEADER = "List-Unsubscribe"

NO_LINK = frozenset({"service"})
"""Purposes whose messages belong to something the member asked for, and carry no link to refuse."""


class MailPolicy(EmailPolicy):
    """CRLF line ends, and the link in its header as it is.

    The standard policy breaks a long address into encoded words (RFC 2047), which mail programs do not
    look for there; a header line may be 998 characters long (RFC 5322, 2.1.1).
    """

    def fold(self, name: str, value: str) -> str:
        """A header as text."""
        return f"{name}: {value}{self.linesep}" if name == LINK_HEADER else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as bytes."""
        return self.fold(name, value).encode("ascii") if name == LINK_HEADER else super().fold_binary(name, value)


POLICY = MailPolicy(linesep="\r\n")


@dataclass(frozen=True)
class Content:
    """What is written to someone."""

    subject: str
    body: str
    language: str


def has_link(purpose: str) -> bool:
    """Whether messages of this purpose say how to refuse the next ones."""
    return purpose not in NO_LINK and bool(links.public_url())


def footer(message: UUID, language: str) -> str:
    """The last line of a message that can be refused."""
    return translate(_("No more such messages: {link}", link=links.link_of(message)), language)


def build(message: UUID, content: Content, purpose: str, *, sender: str, to: str) -> EmailMessage:
    """The mail. The same message always has the same Message-ID."""
    user, _at, domain = sender.rpartition("@")
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = " ".join(content.subject.split())
    mail["From"] = Address(sender_name(), user, domain)
    mail["To"] = Address(addr_spec=to)
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    body = content.body.rstrip() + "\n"
    if has_link(purpose):
        mail[LINK_HEADER] = f"<{links.link_of(message)}>"
        if links.public_url().startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        body += f"\n-- \n{footer(message, content.language)}\n"
    mail.set_content(body, charset="utf-8", cte="quoted-printable" if body.isascii() else "base64")
    mail["Content-Language"] = content.language.replace("_", "-")
    return mail
