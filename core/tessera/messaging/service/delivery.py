"""Sending what is due. Nothing is sent twice; what may have been sent and may not is said to be uncertain.

A message is ``sending`` from the moment before its text is handed to the mail server until the answer is
noted. Whoever is killed in between leaves it so, and it becomes ``uncertain`` when the lease has run out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiosmtplib
import msgspec

from tessera.access.sealing import seal, unseal
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.due import claim
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.kernel.logs import logger
from tessera.messaging.service import mail, texts
from tessera.messaging.service.decide import judge
from tessera.messaging.service.render import CannotRender, render
from tessera.messaging.service.smtp import TIMEOUT, MailServerUnavailable, SmtpSettings, connect, smtp_settings
from tessera_hooks import _

BATCH = 20
LEASE = timedelta(minutes=5)
SENDING_LEASE = timedelta(seconds=TIMEOUT * 6)
"""Longer than DATA, the text and the answer can take: who holds a message longer is gone."""

ATTEMPTS = 6
FIRST_RETRY = timedelta(minutes=1)
"""Grows fivefold: 1 and 5 minutes, 25 minutes, 2 hours, 10 hours."""

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
    """Not now: nothing was handed over, and it may be tried again."""

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

    def note(self, state: str) -> None:
        """Count one."""
        setattr(self, state, getattr(self, state) + 1)


async def deliver_due() -> Delivered:
    """Send what is due, in batches over one connection each; all of it waits while no mail server is set."""
    done, until = Delivered(uncertain=await give_up_sending()), time.monotonic() + BUDGET
    while smtp_settings().is_set and time.monotonic() < until:
        rows = await claim("message", limit=BATCH, lease=LEASE, where="state = 'due'")
        if not rows or not await _deliver_batch(rows, done, until):
            break
    return done


async def give_up_sending() -> int:
    """Call uncertain what was being sent by someone who is gone; answers how many."""

    async def work() -> int:
        rows = await fetch(
            "UPDATE message SET state = 'uncertain', lease_until = NULL, due_at = NULL, updated_at = $1 "
            "WHERE id IN (SELECT id FROM message WHERE state = 'sending' AND lease_until < $1 FOR UPDATE SKIP LOCKED) "
            "RETURNING id, member, store, template, rule",
            clock.now(),
        )
        for row in rows:
            await _tell("message.uncertain", row)
        return len(rows)

    return await in_transaction(work)


async def _deliver_batch(rows: Sequence[Any], done: Delivered, until: float) -> bool:
    """Deliver claimed messages over one connection; answers whether the server is worth going on with.

    When time is up, the rest is given back for the next tick.
    """
    settings, client, reachable = smtp_settings(), None, True
    try:
        for place, row in enumerate(rows):
            if time.monotonic() >= until:
                await _give_back(rows[place:])
                break
            if client is None and reachable:
                client = await _try_to_connect(settings)
                reachable = client is not None
            try:
                done.note(await _deliver(row, client, settings))
            except Later as later:
                done.note(await _put_back(row, later.code))
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


async def _give_back(rows: Sequence[Any]) -> None:
    await execute(
        "UPDATE message SET lease_until = NULL FROM unnest($1::uuid[], $2::timestamptz[]) AS mine(id, until) "
        "WHERE message.id = mine.id AND message.state = 'due' AND message.lease_until = mine.until",
        [row["id"] for row in rows],
        [row["lease_until"] for row in rows],
    )


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


async def _deliver(row: Mapping[str, Any], client: aiosmtplib.SMTP | None, settings: SmtpSettings) -> str:
    """Deliver one message and answer the state that it came to; ``Later`` when it stays due."""
    verdict = await judge(row["member"], row["purpose"], row["plugin"], channel=row["channel"], store=row["store"])
    if not verdict.allowed:
        return await _settle(row, "blocked", reason=verdict.reason)
    if client is None:
        raise Later
    try:
        content = await content_of(row)
    except texts.TemplateUnknown:
        return await _settle(row, "refused", reason="template_gone")
    except CannotRender:
        return await _settle(row, "refused", reason="template_failed")
    built = mail.build(row["id"], content, row["purpose"], sender=settings.sender, to=verdict.address)
    try:
        await _offer(client, settings.sender, verdict.address)
        if not await _begin_sending(row, content):
            await _step(client, client.rset())
            return "later"
        await _hand_over(client, built.as_bytes())
    except Refused as refused:
        return await _settle(row, "refused", reason="server_refused", answer=refused.code)
    except UncertainOutcome:
        client.close()
        return await _settle(row, "uncertain")
    return await _settle(row, "sent", answer=250)


class UncertainOutcome(Exception):
    """The text was handed over and no answer came."""


async def content_of(row: Mapping[str, Any]) -> mail.Content:
    """The text for one recipient, in their language."""
    text = await texts.template(row["template"])
    member = await fetchrow(
        "SELECT m.name, m.language, s.name AS store FROM member m "
        "LEFT JOIN store s ON s.id = coalesce($2, m.store) WHERE m.id = $1",
        row["member"],
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


async def _begin_sending(row: Mapping[str, Any], content: mail.Content) -> bool:
    """Commit that the text is about to be handed over; false where the message is no longer ours."""
    moment = clock.now()
    sealed = seal(msgspec.json.encode({"subject": content.subject, "body": content.body, "language": content.language}))
    return bool(
        await execute(
            "UPDATE message SET state = 'sending', content = $3, lease_until = $4, attempts = attempts + 1, "
            "updated_at = $5 WHERE id = $1 AND state = 'due' AND lease_until = $2",
            row["id"],
            row["lease_until"],
            sealed,
            moment + SENDING_LEASE,
            moment,
        )
    )


async def _settle(row: Mapping[str, Any], state: str, *, reason: str | None = None, answer: int | None = None) -> str:
    """Note the end of a message, with its event."""

    async def work() -> None:
        moment = clock.now()
        settled = await execute(
            "UPDATE message SET state = $2, reason = $3, answer = $4, due_at = NULL, lease_until = NULL, given = NULL, "
            "sent_at = CASE WHEN $2 = 'sent' THEN $5::timestamptz END, updated_at = $5 "
            "WHERE id = $1 AND state IN ('due', 'sending', 'uncertain') AND state <> $2",
            row["id"],
            state,
            reason,
            answer,
            moment,
        )
        if settled and state != "blocked":
            await _tell(f"message.{state}", row)

    await in_transaction(work)
    return state


async def _put_back(row: Mapping[str, Any], code: int | None) -> str:
    """Make a message due again later; after the last attempt it is refused."""
    fresh = await fetchrow("SELECT attempts, state, lease_until FROM message WHERE id = $1", row["id"])
    counted = fresh["attempts"] + (1 if fresh["state"] == "due" else 0)
    if counted >= ATTEMPTS:
        return await _settle(row, "refused", reason="server_refused" if code else "unreachable", answer=code)
    await execute(
        "UPDATE message SET state = 'due', attempts = $2, answer = $3, due_at = $4, lease_until = NULL, "
        "content = NULL, updated_at = $5 WHERE id = $1 AND state IN ('due', 'sending')",
        row["id"],
        counted,
        code,
        clock.now() + FIRST_RETRY * 5 ** (counted - 1),
        clock.now(),
    )
    return "later"


async def _tell(kind: str, row: Mapping[str, Any]) -> None:
    await emit(
        kind, member=row["member"], store=row["store"], message=row["id"], template=row["template"], rule=row["rule"]
    )


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
