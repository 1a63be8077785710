"""What the asking process and the decoding one say to each other."""

from __future__ import annotations

import msgspec


class PictureLimits(msgspec.Struct):
    """What a picture may cost: ``pixels`` before decoding, ``side`` and ``small`` the longest sides after it."""

    seconds: float = 20.0
    memory: int = 768 << 20
    pixels: int = 50_000_000
    side: int = 2560
    small: int = 320


class Drawn(msgspec.Struct, tag="drawn"):
    """A picture written anew, and a small one."""

    content: bytes
    media_type: str
    small: bytes
    width: int
    height: int


class Failed(msgspec.Struct, tag="failed"):
    """There is no picture: ``pixels``, ``memory``, ``time``, ``damaged`` or ``died``."""

    reason: str
