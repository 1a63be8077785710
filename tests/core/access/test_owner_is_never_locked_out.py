"""Guessing from everywhere slows a login down, and never shuts its person out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from core.access.conftest import PASSWORD

from tessera.access import service
from tessera.access.service.throttle import LOGIN
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import TooMany


@pytest.fixture
async def guessed(hire) -> str:
    """The owner, whose password strangers at ten thousand addresses have just tried; the mark of her browser."""
    await hire("olga", "owner", "")
    device = (await service.sign_in("olga", PASSWORD, address="10.0.0.1")).device
    with pytest.raises(service.WrongPassword):
        await service.sign_in("olga", "a guess of many", address="198.51.100.1")
    await execute("UPDATE sign_in_attempt SET failures = 9999 WHERE scope = $1", LOGIN.scope)
    with pytest.raises(service.WrongPassword):
        await service.sign_in("olga", "the last of many", address="198.51.100.2")
    assert await fetchval("SELECT failures FROM sign_in_attempt WHERE scope = $1", LOGIN.scope) == 10_000
    return device


async def test_at_a_browser_that_is_known_she_signs_in_at_once(guessed):
    assert (await service.sign_in("olga", PASSWORD, address="10.0.0.1", device=guessed)).token


async def test_elsewhere_she_signs_in_within_half_a_minute(guessed):
    with pytest.raises(TooMany) as held:
        await service.sign_in("olga", PASSWORD, address="203.0.113.9")
    assert held.value.retry_after <= 31
    with clock.frozen(clock.now() + timedelta(seconds=30)):
        assert (await service.sign_in("olga", PASSWORD, address="203.0.113.9")).token
