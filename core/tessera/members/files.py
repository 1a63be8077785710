"""Giving a stored file to a browser so that it cannot do anything there."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response

from tessera.kernel.files import File


def answer(file: File) -> Response[bytes]:
    """A file with headers that keep it a file: never run, never guessed at, never kept by the browser.

    Only pictures, which were drawn anew here, are shown in place; everything else is saved.
    """
    disposition = "inline" if file.media_type.startswith("image/") else "attachment"
    return Response(
        file.content,
        media_type=file.media_type,
        headers={
            "content-disposition": f"{disposition}; filename*=UTF-8''{quote(file.name)}",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "private, no-store",
        },
    )
