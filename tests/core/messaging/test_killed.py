"""A worker that is really killed between handing a text over and the answer: never sent twice, always counted."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.messaging import service

WORKER = """
import asyncio, json, sys
from tessera import domains
from tessera.access import sealing
from tessera.access.actor import system_actor
from tessera.kernel import database, generation
from tessera.kernel.plugins import load_host
from tessera.messaging.service import deliver_due, texts
from tessera.testing import TEST_KEYS
from tessera_hooks import MessageTemplate

async def main():
    sealing.use_keys(TEST_KEYS)
    load_host([], domains.DOMAINS, {})
    hello = MessageTemplate("hello", "Hello", "marketing", subject={"en": "Hello"}, body={"en": "Hello"})
    texts.declared = lambda known=None: {"hello": ("core", hello)}
    await database.connect(json.loads(sys.argv[1]))
    await generation.reread()
    with system_actor():
        await deliver_due()

asyncio.run(main())
"""


@pytest.mark.kill
async def test_a_killed_worker_leaves_one_uncertain_message_that_is_not_sent_again(
    mail_server, member_named, database_config
):
    await service.consider(await member_named("Ana"), "hello")
    handed_over, held = asyncio.Event(), asyncio.Event()
    take = mail_server.handle_DATA

    async def hold(*given):
        handed_over.set()
        await held.wait()
        return await take(*given)

    mail_server.handle_DATA = hold
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, json.dumps(database_config))
    try:
        await asyncio.wait_for(handed_over.wait(), 30)
        assert await fetchval("SELECT state FROM message") == "sending"
    finally:
        worker.kill()
        await worker.wait()
    held.set()
    mail_server.handle_DATA = take
    assert (await service.deliver_due()).uncertain == 0
    arrived = len(mail_server.arrived)
    with clock.frozen(datetime.now(UTC) + timedelta(minutes=10)):
        assert (await service.deliver_due()).uncertain == 1
        assert (await service.deliver_due()).sent == 0
    assert len(mail_server.arrived) == arrived
    assert await service.counts() == {"sent": 0, "due": 0, "sending": 0, "blocked": 0, "refused": 0, "uncertain": 1}
