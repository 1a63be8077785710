"""The process that decodes one picture under limits and writes it anew, with a small one beside it.

Run as ``python -m tessera.kernel.pictures.decoder``: the picture comes on standard input, the answer goes
to standard output. It holds no secret, opens no file, and may die: decoders of pictures are where hostile
bytes do their work.
"""

from __future__ import annotations

import io
import sys
import warnings
from typing import BinaryIO

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from tessera.kernel.pictures.messages import Drawn, Failed, PictureLimits
from tessera.kernel.tabular.messages import Limits
from tessera.kernel.tabular.reader import confine

FORMATS = ("JPEG", "PNG", "WEBP")


def main(arguments: list[str], source: BinaryIO, out: BinaryIO) -> int:
    """Answer with the picture drawn anew, or with the reason why there is none."""
    limits = msgspec.json.decode(arguments[0], type=PictureLimits)
    confine(Limits(seconds=limits.seconds, memory=limits.memory))
    try:
        answer: Drawn | Failed = drawn(source.read(), limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        answer = Failed("pixels")
    except MemoryError:
        answer = Failed("memory")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        answer = Failed("damaged")
    out.write(msgspec.msgpack.encode(answer))
    return 0


def drawn(content: bytes, limits: PictureLimits) -> Drawn | Failed:
    """The first frame, turned upright, in its colours alone: no EXIF, no place, no text, no profile."""
    Image.MAX_IMAGE_PIXELS = limits.pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        if opened.width * opened.height > limits.pixels:
            return Failed("pixels")
        opened.seek(0)
        has_alpha = opened.mode in {"RGBA", "LA", "PA"} or "transparency" in opened.info
        upright = ImageOps.exif_transpose(opened)
        bare = upright.convert("RGBA" if has_alpha else "RGB")
    bare.info.clear()
    bare.thumbnail((limits.side, limits.side), Image.Resampling.LANCZOS)
    whole = _written(bare)
    small = bare.copy()
    small.thumbnail((limits.small, limits.small), Image.Resampling.LANCZOS)
    return Drawn(whole, "image/png" if has_alpha else "image/jpeg", _written(small), bare.width, bare.height)


def _written(picture: Image.Image) -> bytes:
    made = io.BytesIO()
    if picture.mode == "RGBA":
        picture.save(made, "PNG", optimize=True)
    else:
        picture.save(made, "JPEG", quality=88, optimize=True, progressive=True)
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer))
