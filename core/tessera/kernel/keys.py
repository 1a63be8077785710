"""The instance's keys: in a file that only its owner can read, never in the database nor in a backup."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fasteners
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tessera.kernel.errors import CannotRun

SCRYPT_N = 2**15
"""Work factor of the passphrase, after RFC 7914; about 0.1 s and 32 MB."""


class Keys(msgspec.Struct):
    """Secrets of one instance.

    ``index_key`` keys the lookups of identities; ``data_keys`` seal values, by version, the newest
    seals; ``cookie_secret`` signs what browsers bring back; ``secrets`` holds passwords of services
    (SMTP) that were not given in the environment.
    """

    index_key: bytes
    data_keys: dict[int, bytes]
    cookie_secret: bytes
    secrets: dict[str, str] = {}

    @property
    def newest(self) -> int:
        """The version that seals."""
        return max(self.data_keys)

    def fingerprint(self) -> str:
        """What a backup notes, so that a restore knows whether these are its keys."""
        digest = hashlib.sha256(b"tessera-keys" + self.index_key)
        for version in sorted(self.data_keys):
            digest.update(version.to_bytes(4, "big") + self.data_keys[version])
        return digest.hexdigest()[:32]

    def newest_fingerprint(self) -> str:
        """The fingerprint of what new seals are made with."""
        newest = self.newest.to_bytes(4, "big") + self.data_keys[self.newest]
        return hashlib.sha256(b"tessera-newest" + self.index_key + newest).hexdigest()[:32]

    def index_fingerprint(self) -> str:
        """The part of the fingerprint that no rotation changes."""
        return hashlib.sha256(b"tessera-index" + self.index_key).hexdigest()[:32]


def new_keys() -> Keys:
    """Fresh random keys."""
    return Keys(secrets.token_bytes(32), {1: secrets.token_bytes(64)}, secrets.token_bytes(32))


def write_keys(path: Path, keys: Keys, *, replace: bool = False) -> None:
    """Write the key file so that only its owner can read it; an existing one is not overwritten.

    With ``replace`` the new file takes the old one's place at once: whoever reads meets one or the other whole.
    """
    target = path.with_suffix(".new") if replace else path
    if replace:
        target.unlink(missing_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(keys)))
        file.flush()
        os.fsync(file.fileno())
    if replace:
        target.replace(path)


def read_keys(path: Path) -> Keys:
    """Read the key file; one that others can read is refused."""
    try:
        raw = path.read_bytes()
        mode = path.stat().st_mode
    except OSError:
        raise CannotRun(
            f"the key file {path} is missing: restore it from `tessera key export`, sealed data cannot be read without"
        ) from None
    if sys.platform != "win32" and mode & 0o077:
        raise CannotRun(f"the key file {path} can be read by others: run chmod 600 {path}")
    try:
        return msgspec.json.decode(raw, type=Keys)
    except msgspec.DecodeError as problem:
        raise CannotRun(f"the key file {path} is damaged ({problem}): restore it from `tessera key export`") from None


def add_data_key(path: Path) -> Keys:
    """Put a new data key beside the present ones, which seals from then on; answers all of them."""
    with _alone(path):
        present = read_keys(path)
        fresh = {**present.data_keys, present.newest + 1: secrets.token_bytes(64)}
        return _written(path, msgspec.structs.replace(present, data_keys=fresh))


def drop_data_keys(path: Path, versions: Sequence[int]) -> Keys:
    """Take data keys away under which nothing is sealed any more; the newest one stays. Answers what is left."""
    with _alone(path):
        present = read_keys(path)
        if present.newest in versions:
            raise CannotRun(f"data key {present.newest} seals what is written now: it cannot be dropped")
        left = {version: key for version, key in present.data_keys.items() if version not in versions}
        return _written(path, msgspec.structs.replace(present, data_keys=left))


def _written(path: Path, keys: Keys) -> Keys:
    write_keys(path, keys, replace=True)
    return keys


def _alone(path: Path) -> fasteners.InterProcessLock:
    """Of two that change the key file at once the second sees what the first one wrote."""
    return fasteners.InterProcessLock(path.with_suffix(".lock"))


def export_keys(keys: Keys, passphrase: str) -> bytes:
    """The keys under a passphrase: scrypt, then AES-256-GCM; JSON with its parameters."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    box = AESGCM(_derive(passphrase, salt, SCRYPT_N)).encrypt(nonce, msgspec.json.encode(keys), b"tessera-keys-1")
    envelope: dict[str, Any] = {
        "tessera": "keys",
        "version": 1,
        "kdf": {"name": "scrypt", "n": SCRYPT_N, "r": 8, "p": 1, "salt": base64.b64encode(salt).decode()},
        "nonce": base64.b64encode(nonce).decode(),
        "box": base64.b64encode(box).decode(),
    }
    return msgspec.json.format(msgspec.json.encode(envelope))


def import_keys(exported: bytes, passphrase: str) -> Keys:
    """The keys of an export, or a refusal where the passphrase or the file is wrong."""
    try:
        envelope = msgspec.json.decode(exported)
        salt = base64.b64decode(envelope["kdf"]["salt"])
        nonce, box = base64.b64decode(envelope["nonce"]), base64.b64decode(envelope["box"])
        n = int(envelope["kdf"]["n"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise CannotRun("the file holds no exported keys: give one written by `tessera key export`") from None
    if not 2**14 <= n <= 2**20:
        raise CannotRun("the exported keys ask for an unusual amount of work: the file is damaged")
    try:
        plain = AESGCM(_derive(passphrase, salt, n)).decrypt(nonce, box, b"tessera-keys-1")
    except InvalidTag:
        raise CannotRun("the passphrase does not open the exported keys: try again") from None
    return msgspec.json.decode(plain, type=Keys)


def _derive(passphrase: str, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase.encode())
