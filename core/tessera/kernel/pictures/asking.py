"""Asking the decoding process for a picture drawn anew."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass

import msgspec

from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.pictures.messages import Drawn, Failed, PictureLimits
from tessera_hooks import Text, _

DECODED = frozenset({"image/jpeg", "image/png", "image/webp"})
"""The media types that can be drawn anew."""

_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "LANG", "LC_ALL")

_REASONS: dict[str, Text] = {
    "pixels": _("this picture has too many pixels: make it smaller"),
    "memory": _("this picture needs too much memory: make it smaller"),
    "time": _("this picture takes too long to read: make it smaller"),
    "damaged": _("this picture cannot be read: save it again as JPEG or PNG"),
    "died": _("this picture cannot be read: save it again as JPEG or PNG"),
}


class Unreadable(Invalid):
    """A picture that cannot be drawn anew."""

    code = "unreadable_picture"


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept: drawn anew, with a small one for lists."""

    content: bytes
    media_type: str
    small: bytes
    width: int
    height: int


async def redraw(content: bytes, limits: PictureLimits | None = None) -> Picture:
    """Draw a picture anew: upright, its first frame, without anything but its colours.

    Where and when it was taken, by which camera, is gone. Raises ``Unreadable`` for what is no JPEG, PNG
    or WebP, is damaged, hostile, or larger than the limits. At most one runs for each processor.
    """
    allowed = limits or PictureLimits()
    async with _turn():
        answer = await _asked(content, allowed)
    if isinstance(answer, Failed):
        message = _REASONS.get(answer.reason, _REASONS["died"])
        raise Unreadable(message, [FieldError("file", message)])
    return Picture(answer.content, answer.media_type, answer.small, answer.width, answer.height)


_turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


def _turn() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        _turns.clear()
        _turns[loop] = asyncio.Semaphore(max(1, os.cpu_count() or 1))
    return _turns[loop]


async def _asked(content: bytes, limits: PictureLimits) -> Drawn | Failed:
    """Start the decoder without this process's secrets, and wait no longer than the limits allow."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "tessera.kernel.pictures.decoder",
        msgspec.json.encode(limits).decode(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    try:
        out, _nothing = await asyncio.wait_for(process.communicate(content), limits.seconds * 2)
    except TimeoutError:
        return Failed("time")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        return msgspec.msgpack.decode(out, type=Drawn | Failed)
    except msgspec.MsgspecError:
        return Failed("died")
