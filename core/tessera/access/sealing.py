"""Sealed values: unreadable without the instance's keys, and found again only when they are exactly equal.

A sealed value is the version of its data key (2 bytes, big-endian) and AES-SIV of the value (RFC 5297,
with a 512-bit key). AES-SIV needs no nonce and never fails badly: equal values give equal seals under
one key, which is what the lookup shows anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import Keys, read_keys
from tessera.kernel.logs import logger

MASK = "*"

LOOK = 1.0
"""Seconds between two looks whether the key file was changed."""

IN_TEXT = "sealed:"
"""What a seal begins with that stands in a column of text."""

_log = logger(__name__)


class _InUse:
    """The keys of this process, and the file that they come from."""

    def __init__(self, keys: Keys, file: Path | None) -> None:
        self.keys = keys
        self.file = file
        self.looked = time.monotonic()
        self.seen = self._stamp()

    def _stamp(self) -> tuple[int, int, int] | None:
        """What changes when the file does."""
        try:
            found = self.file.stat() if self.file else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ino, found.st_size) if found else None

    def look(self) -> None:
        """Read the file anew where it was changed; keys of another instance are not taken."""
        self.looked = time.monotonic()
        stamp = self._stamp()
        if stamp is None or stamp == self.seen or self.file is None:
            return
        try:
            fresh = read_keys(self.file)
        except CannotRun as problem:
            _log.warning("keys_not_read", problem=str(problem))
            return
        self.seen = stamp
        if fresh.index_key != self.keys.index_key:
            _log.warning("keys_of_another_instance", file=str(self.file))
            return
        self.keys = fresh
        _cipher.cache_clear()


_in_use: _InUse | None = None


def use_keys(keys: Keys, file: Path | None = None) -> None:
    """Seal, look up and sign with these keys from here on in this process.

    ``file`` is where they come from: a data key that is added to it is used within a second, and at once
    where a seal asks for it.
    """
    global _in_use
    _in_use = _InUse(keys, file)
    _cipher.cache_clear()


def keys() -> Keys:
    """The keys in use."""
    if _in_use is None:
        raise CannotRun("no keys are in use: open the instance first")
    if time.monotonic() - _in_use.looked > LOOK:
        _in_use.look()
    return _in_use.keys


@lru_cache(maxsize=16)
def _cipher(version: int) -> AESSIV:
    if version not in keys().data_keys and _in_use is not None:
        _in_use.look()
    try:
        return AESSIV(keys().data_keys[version])
    except KeyError:
        raise CannotRun(
            f"a value was sealed with data key {version}, which the key file does not hold: "
            "bring the keys that belong to this database"
        ) from None


def seal(value: bytes | str) -> bytes:
    """The value under the newest data key."""
    plain = value.encode() if isinstance(value, str) else value
    version = keys().newest
    prefix = version.to_bytes(2, "big")
    return prefix + _cipher(version).encrypt(plain, [prefix])


def unseal(sealed: bytes) -> bytes:
    """The value of a seal of any version; a changed or foreign seal is refused."""
    prefix = sealed[:2]
    try:
        return _cipher(int.from_bytes(prefix, "big")).decrypt(sealed[2:], [prefix])
    except InvalidTag:
        raise CannotRun(
            "a sealed value does not open: the key file belongs to another database, or the value was changed"
        ) from None


def unseal_text(sealed: bytes) -> str:
    """The text of a seal."""
    return unseal(sealed).decode()


def version_of(sealed: bytes) -> int:
    """The data key that a seal was made with."""
    return int.from_bytes(sealed[:2], "big")


def seal_in_text(value: str) -> str:
    """A seal for a column of text: ``sealed:``, the data key's version and base64."""
    sealed = seal(value)
    return f"{IN_TEXT}{version_of(sealed)}:{base64.b64encode(sealed).decode()}"


def unseal_in_text(stored: str) -> str:
    """The text of such a seal; what was written before the column was sealed comes back as it is."""
    if not stored.startswith(IN_TEXT):
        return stored
    return unseal_text(base64.b64decode(stored.rpartition(":")[2]))


def lookup(kind: str, normalised: str) -> bytes:
    """What an identity is found by: HMAC-SHA256 of kind and normalised value under the index key."""
    return hmac.digest(keys().index_key, f"{kind}\x00{normalised}".encode(), "sha256")


def stamp(purpose: str, content: bytes) -> bytes:
    """HMAC-SHA256 of bytes under the index key, which no rotation changes: what only this instance can make."""
    return hmac.digest(keys().index_key, f"{purpose}\x00".encode() + content, "sha256")


def sign(purpose: str, value: str) -> str:
    """A signature over something that a browser brings back, valid for one purpose only."""
    digest = hmac.digest(keys().cookie_secret, f"{purpose}\x00{value}".encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_signed(purpose: str, value: str, signature: str) -> bool:
    """Whether a signature was made here for this purpose and value."""
    return hmac.compare_digest(sign(purpose, value).encode(), signature.encode(errors="replace"))


def digest(secret: str) -> bytes:
    """What is stored of a random secret (a session's, an API key's): SHA-256, for it cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def mask_phone(phone: str) -> str:
    """A phone number as anyone may see it: ``138****8000``; the country code of mainland China is left out.

    At least four digits are hidden: of a shorter number, fewer are shown at both ends.
    """
    local = phone.removeprefix("+86")
    plus = "+" if local.startswith("+") else ""
    digits = local.removeprefix("+")
    if len(digits) < 7:
        return MASK * max(len(digits), 3) if phone else ""
    tail = 4 if len(digits) > 8 else 2
    head = min(3, len(digits) - tail - 4)
    return f"{plus}{digits[:head]}{MASK * (len(digits) - head - tail)}{digits[-tail:]}"


def mask_email(email: str) -> str:
    """An e-mail address as anyone may see it: ``a***@example.com``."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}{MASK * 3}{at}{domain}"


def mask(value: str, *, head: int = 0, tail: int = 4) -> str:
    """Any other identity: only its tail, and its head where asked; short values are masked whole."""
    if len(value) <= head + tail + 2:
        return MASK * len(value)
    return value[:head] + MASK * (len(value) - head - tail) + value[len(value) - tail :]


def is_masked(value: str) -> bool:
    """Whether a value coming back is a masked one, which must not be stored."""
    return MASK * 3 in value
