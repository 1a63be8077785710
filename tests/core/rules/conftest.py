"""A rule about members who stay away, its text, and a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from mail_server import mail_server, member_named, postman, public_url
from signed_in import owner

from tessera.access.actor import Actor, system_actor
from tessera.kernel import clock
from tessera.kernel.database import execute
from tessera.kernel.plugins.host import CORE, Declared, PluginHost
from tessera_hooks import (
    Cause,
    Compare,
    Daily,
    Fact,
    MessageTemplate,
    OpenTask,
    Param,
    Parameter,
    Rule,
    SendMessage,
    _,
)

__all__ = ["mail_server", "member_named", "owner", "postman", "public_url"]

DAY_ONE = date(2026, 11, 2)
"""A day on which the business, in Shanghai's time, goes on."""

MISSED = MessageTemplate(
    "missed", _("We miss you"), "marketing", subject={"en": "We miss you"}, body={"en": "Come back, {{ member.name }}"}
)
ABSENT = Rule(
    "absent",
    _("Stayed away"),
    _("Writes to members who have stayed away."),
    trigger=Daily("09:00"),
    condition=Compare("test.days_away", ">=", Param("days")),
    cause=Cause("test.last_seen", after_days=Param("days")),
    actions=[SendMessage("missed")],
    parameters=[Parameter("days", _("Days without a visit"), default=14, low=2, high=365)],
)
CALL = Rule(
    "call",
    _("Call them"),
    _("Opens a task to call members who have stayed away."),
    trigger=Daily("10:30"),
    condition=Compare("test.days_away", ">=", 30),
    cause=Cause("test.last_seen", after_days=30),
    actions=[OpenTask(_("Call the member"), role="front_desk")],
)
FACTS = [
    Fact("test.last_seen", _("Last seen"), "date", "m.joined_on"),
    Fact("test.days_away", _("Days away"), "number", "({today} - m.joined_on)"),
]


@pytest.fixture(autouse=True)
def declared(plugin_host: PluginHost) -> Iterator[Callable[..., None]]:
    """The core ships these rules, texts and facts in these tests; a test may declare more."""
    kept = {hook: list(values) for hook, values in plugin_host._declared.items()}

    def declare(hook: str, *values: Any, plugin: str = CORE) -> None:
        plugin_host._declared[hook] = [*plugin_host._declared[hook], *(Declared(plugin, v) for v in values)]

    declare("message_templates", MISSED)
    declare("facts", *FACTS)
    declare("rules", ABSENT, CALL)
    yield declare
    plugin_host._declared.update(kept)


@pytest.fixture(autouse=True)
def system() -> Iterator[Actor]:
    """Tessera itself acts unless a test says otherwise."""
    with system_actor() as someone:
        yield someone


def on_day(n: int, hour: int = 9, minute: int = 1) -> AbstractContextManager[None]:
    """The n-th day after the first, at an hour of Shanghai's time."""
    at = datetime.combine(DAY_ONE + timedelta(days=n), datetime.min.time(), tzinfo=UTC)
    return clock.frozen(at + timedelta(hours=hour - 8, minutes=minute))


@pytest.fixture
def day() -> Callable[..., AbstractContextManager[None]]:
    """``with day(3): …`` is three days after the first."""
    return on_day


@pytest.fixture
def seen() -> Callable[[UUID, int], Any]:
    """Someone was here on the n-th day."""

    async def was_here(member: UUID, n: int) -> None:
        at = datetime.combine(DAY_ONE + timedelta(days=n), datetime.min.time(), tzinfo=UTC)
        await execute("UPDATE member SET joined_on = $2, created_at = $3 WHERE id = $1", member, at.date(), at)

    return was_here
