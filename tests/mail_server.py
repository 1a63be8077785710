"""A real mail server on loopback for tests, and members to write to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session

from tessera.members import service as members
from tessera.messaging import service


class Postman:
    """What the server does with mail: takes it, or answers as a test says, by address."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.rcpt: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt.get(address, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.data.get(envelope.rcpt_tos[0], "250 OK")
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        if answer == "take and drop":
            self.arrived.append(message_from_bytes(content, policy=policy.default))
        if answer in ("take and drop", "drop"):
            server.transport.abort()
            return "250 OK"
        if answer.startswith("250"):
            self.arrived.append(message_from_bytes(content, policy=policy.default))
        return answer

    @property
    def addresses(self) -> list[str]:
        """To whom mail arrived."""
        return sorted(str(mail["To"]) for mail in self.arrived)


@pytest_asyncio.fixture(loop_scope="session")
async def postman() -> AsyncIterator[Postman]:
    """A mail server that is running on a free port."""
    handler = Postman()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.example", loop=loop), "127.0.0.1", 0)
    handler.port = server.sockets[0].getsockname()[1]
    yield handler
    server.close()
    await server.wait_closed()


@pytest.fixture
def public_url() -> Iterator[None]:
    """The instance is reached at an address."""
    service.use_public_url("https://gym.example")
    yield
    service.use_public_url("")


@pytest_asyncio.fixture(loop_scope="session")
async def mail_server(business: None, postman: Postman, public_url: None) -> AsyncIterator[Postman]:
    """Messages are on and go to the mail server."""
    await service.change_smtp("127.0.0.1", str(postman.port), "none", "", "hello@gym.example")
    await service.set_mode("on")
    yield postman


@pytest.fixture
def member_named() -> Any:
    """Make members by name, who agreed to offers by e-mail unless a test says otherwise."""

    async def make(name: str = "Ana", *, consent: str | None = "granted", email: bool = True, **more: Any) -> UUID:
        address = f"{name.lower()}@example.com" if email else None
        consents = [("marketing", "email", consent), ("service", "email", consent)] if consent else []
        return await members.create_member(members.NewMember(name=name, email=address, consents=consents, **more))

    return make
