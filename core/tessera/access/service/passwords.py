"""Passwords: argon2id in a thread, a few at a time, so that signing in never starves the rest."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import _

SHORTEST = 8
LONGEST = 200
AT_ONCE = 2
"""How many hashes are computed at the same time; each takes 19 MiB."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""The smallest parameters that OWASP's password storage cheat sheet recommends for argon2id."""


@cache
def _turnstile(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def check_strength(password: str, login: str = "") -> None:
    """Refuse a password that is too short, too long, all of one character, or the login itself."""
    problem = None
    if len(password) < SHORTEST:
        problem = _("use at least {n} characters", n=SHORTEST)
    elif len(password) > LONGEST:
        problem = _("use at most {n} characters", n=LONGEST)
    elif len(set(password)) < 3 or (login and password.casefold() == login.casefold()):
        problem = _("this is too easy to guess: use several words or a mix of characters")
    if problem:
        raise Invalid(problem, [FieldError("password", problem)])


async def hash_password(password: str) -> str:
    """What is stored of a password."""
    async with _turnstile(asyncio.get_running_loop()):
        return await asyncio.to_thread(_hasher.hash, password)


async def is_right(password: str, stored: str | None) -> bool:
    """Whether a password or PIN is the one of a hash; without a hash it takes as long and is wrong."""
    async with _turnstile(asyncio.get_running_loop()):
        right = await asyncio.to_thread(_verify, password[: LONGEST + 1], stored or _nobodys_hash())
    return right and bool(stored)


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
