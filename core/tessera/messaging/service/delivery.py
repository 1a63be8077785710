"""Sending what is due. Nothing is sent twice; what may have been sent and may not is said to be uncertain.

A message is ``sending`` from the moment before its text is handed to the mail server until the answer is
noted. Whoever is killed in between leaves it so, and it becomes ``uncertain`` when the lease has run out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiosmtplib
import msgspec

from tessera.access.sealing import unseal
from tessera.kernel.business import business
from tessera.kernel.database import fetchrow
from tessera.kernel.ids import uuid7
from tessera.kernel.logs import logger
from tessera.members import service as members
from tessera.messaging.service import mail, texts
from tessera.messaging.service.decide import judge
from tessera.messaging.service.holding import (
    LOST,
    Held,
    begin_sending,
    give_back,
    give_up_sending,
    put_back,
    settle,
    take,
)
from tessera.messaging.service.render import CannotRender, render
from tessera.messaging.service.smtp import TIMEOUT, MailServerUnavailable, SmtpSettings, connect, smtp_settings
from tessera_hooks import _

BATCH = 20
FIRST_REFUSAL = 400
"""Codes below it are no refusal (RFC 5321, 4.2.1): an unexpected one leaves the outcome open."""

BUDGET = 100.0
"""Seconds after which a tick takes up no further message: it must never be ended in the middle of one."""

_log = logger(__name__)


class Refused(Exception):
    """The server's final no, with its code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class Later(Exception):
    """Not now, and it may be tried again: nothing was handed over, or the server said no to it with a code."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Delivered:
    """What a tick did, by state."""

    sent: int = 0
    refused: int = 0
    uncertain: int = 0
    blocked: int = 0
    later: int = 0
    lost: int = 0
    """Taken over by another worker meanwhile."""

    def note(self, state: str) -> None:
        """Count one."""
        setattr(self, state, getattr(self, state) + 1)


async def deliver_due() -> Delivered:
    """Send what is due, in batches over one connection each; all of it waits while no mail server is set."""
    done, until = Delivered(uncertain=await give_up_sending()), time.monotonic() + BUDGET
    while smtp_settings().is_set and time.monotonic() < until:
        taken = await take(BATCH)
        if not taken or not await _deliver_batch(taken, done, until):
            break
    return done


async def _deliver_batch(taken: Sequence[Held], done: Delivered, until: float) -> bool:
    """Deliver claimed messages over one connection; answers whether the server is worth going on with.

    When time is up, the rest is given back for the next tick.
    """
    settings, client, reachable = smtp_settings(), None, True
    try:
        for place, held in enumerate(taken):
            if time.monotonic() >= until:
                await give_back(taken[place:])
                break
            if client is None and reachable:
                client = await _try_to_connect(settings)
                reachable = client is not None
            try:
                done.note(await _deliver(held, client, settings))
            except Later as later:
                done.note(await put_back(held, later.code))
            if client is not None and not client.is_connected:
                client = None
    finally:
        if client is not None:
            await _say_goodbye(client)
    return reachable


async def _try_to_connect(settings: SmtpSettings) -> aiosmtplib.SMTP | None:
    try:
        return await connect(settings)
    except MailServerUnavailable as problem:
        _log.warning("mail_server_unavailable", problem=problem.message)
        return None


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


async def _deliver(held: Held, client: aiosmtplib.SMTP | None, settings: SmtpSettings) -> str:
    """Deliver one message and answer the state that it came to; ``Later`` when it stays due."""
    row = held.row
    verdict = await judge(row["member"], row["purpose"], row["plugin"], channel=row["channel"], store=row["store"])
    if not verdict.allowed:
        return await settle(held, "blocked", reason=verdict.reason)
    if client is None:
        raise Later
    try:
        content = await content_of(row)
    except texts.TemplateUnknown:
        return await settle(held, "refused", reason="template_gone")
    except CannotRender:
        return await settle(held, "refused", reason="template_failed")
    built = mail.build(row["id"], content, row["purpose"], sender=settings.sender, to=verdict.address)
    try:
        await _offer(client, settings.sender, verdict.address)
        if not await begin_sending(held, content):
            await _step(client, client.rset())
            return LOST
        await _hand_over(client, built.as_bytes())
    except Refused as refused:
        return await settle(held, "refused", reason="server_refused", answer=refused.code)
    except UncertainOutcome:
        client.close()
        return await settle(held, "uncertain")
    return await settle(held, "sent", answer=250)


class UncertainOutcome(Exception):
    """The text was handed over and no answer came."""


async def content_of(row: Mapping[str, Any]) -> mail.Content:
    """The text for one recipient, in their language."""
    text = await texts.template(row["template"])
    member = await fetchrow(
        "SELECT m.name, m.language, s.name AS store FROM member m "
        "LEFT JOIN store s ON s.id = coalesce($2, m.store) WHERE m.id = $1",
        await members.survivor_of(row["member"]),
        row["store"],
    )
    language = text.language_for(member["language"])
    values = {
        "member": {"name": member["name"]},
        "business": {"name": business().name},
        "store": {"name": member["store"] or business().name},
        "values": msgspec.json.decode(unseal(row["given"])) if row["given"] else {},
    }
    return mail.Content(render(text.subject[language], values), render(text.body[language], values), language)


async def _offer(client: aiosmtplib.SMTP, sender: str, address: str) -> None:
    """Name sender and recipient; a refusal here is final or for now, and nothing was handed over."""
    await _step(client, client.mail(sender, encoding="ascii"))
    await _step(client, client.rcpt(address, encoding="ascii"))


async def _step(client: aiosmtplib.SMTP, command: Awaitable[object]) -> None:
    try:
        await command
    except aiosmtplib.SMTPResponseException as said:
        await _after_refusal(client, said)
    except (aiosmtplib.SMTPException, OSError) as problem:
        client.close()
        raise Later from problem


async def _after_refusal(client: aiosmtplib.SMTP, said: aiosmtplib.SMTPResponseException) -> None:
    """Leave the conversation ready for the next recipient, then say what the refusal means."""
    try:
        await client.rset()
    except (aiosmtplib.SMTPException, OSError):
        client.close()
    if said.code >= 500:
        raise Refused(said.code) from said
    raise Later(said.code) from said


async def _hand_over(client: aiosmtplib.SMTP, text: bytes) -> None:
    """Hand the text over. An answer is certain; silence is not."""
    try:
        await client.data(text)
    except aiosmtplib.SMTPResponseException as said:
        if said.code < FIRST_REFUSAL:
            raise UncertainOutcome from said
        await _after_refusal(client, said)
    except (aiosmtplib.SMTPException, OSError) as problem:
        raise UncertainOutcome from problem


async def send_test(address: str) -> None:
    """Send a test mail now, outside of all decisions: to whoever tries the mail server out."""
    settings = smtp_settings()
    text = _("This is a test: mail from {name} arrives.", name=business().name)
    content = mail.Content(_("Test mail"), str(text), "en")
    built = mail.build(uuid7(), content, "service", sender=settings.sender or address, to=address)
    client = await connect(settings)
    try:
        await asyncio.wait_for(client.send_message(built), TIMEOUT * 3)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
        said = str(problem) or type(problem).__name__
        refusal = _("the mail server did not take the mail ({problem})", problem=said[:200])
        raise MailServerUnavailable(refusal) from problem
    finally:
        await _say_goodbye(client)
