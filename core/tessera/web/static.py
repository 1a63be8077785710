"""Scripts, styles and pictures: from memory, compressed once, cached by browsers until their contents change."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from tessera.access.permissions import PUBLIC
from tessera.kernel.errors import CannotRun, NotFound
from tessera_hooks import _

OWN = Path(__file__).parent / "static"
VENDOR = OWN / "vendor"
COMPRESSIBLE = (".css", ".js", ".svg", ".json", ".webmanifest")
SERVED = (*COMPRESSIBLE, ".png", ".webp", ".jpg", ".woff2", ".ico")
FOR_EVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"


@dataclass(frozen=True)
class StaticFile:
    """One file; ``version`` changes with its contents."""

    path: Path

    @cached_property
    def body(self) -> bytes:
        """The contents."""
        return self.path.read_bytes()

    @cached_property
    def compressed(self) -> bytes | None:
        """The contents under gzip, where that helps."""
        return gzip.compress(self.body, 6, mtime=0) if self.path.suffix in COMPRESSIBLE else None

    @cached_property
    def version(self) -> str:
        """A short hash of the contents."""
        return hashlib.sha256(self.body).hexdigest()[:10]

    @property
    def media_type(self) -> str:
        """What it is, for the browser."""
        if self.path.suffix == ".webmanifest":
            return "application/manifest+json"
        return mimetypes.guess_type(self.path.name)[0] or "application/octet-stream"


_folders: dict[str, Path] = {"": OWN}
_files: dict[str, StaticFile] = {}


def needs_assets(path: Path) -> None:
    """Refuse to start without the front-end files."""
    if not path.is_file():
        raise CannotRun("the front-end files are missing: run `make assets` (or `python hatch_build.py`)")


def use_folders(folders: Mapping[str, Path]) -> None:
    """Serve the ``static`` folders of plugins too, each below ``/static/<plugin>/``."""
    needs_assets(VENDOR / "tabler.min.css")
    _folders.clear()
    _folders.update({"": OWN, **folders})
    _files.clear()


def find(name: str) -> StaticFile:
    """The file at a path below ``/static/``."""
    name = name.lstrip("/")
    if name not in _files:
        owner, _slash, rest = name.partition("/")
        folder, inside = (_folders[owner], rest) if owner in _folders and rest else (OWN, name)
        path = (folder / inside).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file() or path.suffix not in SERVED:
            raise NotFound(_("There is no such file."))
        _files[name] = StaticFile(path)
    return _files[name]


def static(name: str) -> str:
    """The address of a file, with its version: ``static("tessera.css")``, ``static("fitness/chart.js")``."""
    return f"/static/{name}?v={find(name).version}"


def respond(file: StaticFile, request: Request[Any, Any, Any], *, lasting: bool) -> Response[bytes]:
    """A file as response: nothing where the browser has it, compressed where it may be."""
    headers = {"Cache-Control": FOR_EVER if lasting else REVALIDATE, "ETag": f'"{file.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    body = file.body
    if file.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = file.compressed, "gzip"
    return Response(body, headers=headers, media_type=file.media_type)


@get("/static/{name:path}", permission=PUBLIC, include_in_schema=False, sync_to_thread=False)
def serve_static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """One file."""
    file = find(name)
    return respond(file, request, lasting=request.query_params.get("v") == file.version)


@get("/service-worker.js", permission=PUBLIC, include_in_schema=False, sync_to_thread=False)
def service_worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The service worker, at the top so that it may see the whole site."""
    return respond(find("service-worker.js"), request, lasting=False)


handlers = [serve_static, service_worker]
