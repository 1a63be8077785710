"""Seals that stand as strings within JSON: what an import or a change keeps of before, to give it back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from typing import Any

from tessera.access import sealing

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

SHORTEST = 18
"""Bytes of the shortest seal: the version, and AES-SIV's synthetic IV (RFC 5297)."""


def _pattern(versions: Collection[int]) -> str:
    """A regular expression of PostgreSQL for a string in JSON that is a seal of one of some versions.

    The version is the first 16 bits of base64: two letters, and one of four.
    """
    begins = []
    for version in versions:
        first, second, third = version >> 10, (version >> 4) & 63, (version & 15) << 2
        begins.append(f"{_ALPHABET[first]}{_ALPHABET[second]}[{_ALPHABET[third : third + 4]}]".replace("+", "\\+"))
    sealed = f"({'|'.join(begins)})[A-Za-z0-9+/]{{21,}}={{0,2}}"
    in_text = f"{sealing.IN_TEXT}({'|'.join(map(str, versions))}):"
    return f'"({sealed}"|{in_text})'


def holds(column: str, versions: Collection[int]) -> str:
    """The condition that a column of JSON holds a seal of one of some versions."""
    return f"{column}::text ~ '{_pattern(versions)}'" if versions else "FALSE"


def oldest(column: str, versions: Collection[int]) -> str:
    """The oldest version among the seals in a column, as SQL."""
    cases = " ".join(f"WHEN {holds(column, [version])} THEN {version}" for version in sorted(versions))
    return f"CASE {cases} END"


def anew(stored: Any) -> Any:
    """JSON with every seal in it made anew; what only looks like a seal, and does not open, is refused."""
    if isinstance(stored, dict):
        return {key: anew(value) for key, value in stored.items()}
    if isinstance(stored, list):
        return [anew(value) for value in stored]
    if not isinstance(stored, str):
        return stored
    if stored.startswith(sealing.IN_TEXT):
        return sealing.seal_in_text(sealing.unseal_in_text(stored))
    sealed = _bytes(stored)
    if sealed is None:
        return stored
    return base64.b64encode(sealing.seal(sealing.unseal(sealed))).decode()


def _bytes(text: str) -> bytes | None:
    """The seal that a string is, where it is one of a version that is known."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    is_seal = len(decoded) >= SHORTEST and sealing.version_of(decoded) in sealing.keys().data_keys
    return decoded if is_seal else None
