"""``tessera.toml`` and the environment: only what must be known before the database answers."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from tessera.kernel.errors import CannotRun


class DatabaseSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Where the rows are. An empty ``url`` means the embedded server."""

    url: str = ""
    pool: int = 10


class QueueSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Where background jobs queue. An empty ``url`` means the database."""

    url: str = ""


class KeySettings(msgspec.Struct, forbid_unknown_fields=True):
    """The instance's key file, relative to its folder."""

    file: str = "keys.json"


class WebSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Where pages are served, and how the world reaches them.

    ``public_url`` is what people type (``https://crm.example.com``); behind a proxy,
    ``trusted_proxies`` names the addresses whose forwarding headers are believed.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    workers: int = 1
    trusted_proxies: list[str] = []

    @property
    def address(self) -> str:
        """Where links lead: ``public_url``, else this machine itself."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104 - recognised, not bound
        shown = f"[{host}]" if ":" in host else host
        return self.public_url.rstrip("/") or f"http://{shown}:{self.port}"


class WorkerSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Background work: ``beside`` starts one worker process with ``tessera run``."""

    beside: bool = True
    concurrency: int = 4


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """All of ``tessera.toml``."""

    database: DatabaseSettings = msgspec.field(default_factory=DatabaseSettings)
    queue: QueueSettings = msgspec.field(default_factory=QueueSettings)
    keys: KeySettings = msgspec.field(default_factory=KeySettings)
    web: WebSettings = msgspec.field(default_factory=WebSettings)
    worker: WorkerSettings = msgspec.field(default_factory=WorkerSettings)


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read ``path`` and lay ``TESSERA_<SECTION>_<KEY>`` from the environment over it.

    Unknown sections and keys are refused with the nearest right one, wrong types with what is
    expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise CannotRun(f"{path} is not valid TOML ({problem}): correct it") from None
    except UnicodeDecodeError:
        raise CannotRun(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except OSError as problem:
        raise CannotRun(f"{path} cannot be read ({problem.strerror}): check the path and its permissions") from None
    _refuse_unknown(raw, path)
    _lay_over(raw, environment)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as problem:
        raise CannotRun(_wrong_type(problem, path)) from None
    _check(settings, path)
    return settings


def _sections() -> dict[str, Any]:
    return get_type_hints(Settings)


def _refuse_unknown(raw: Mapping[str, Any], path: Path) -> None:
    sections = _sections()
    for name, value in raw.items():
        if name not in sections:
            raise CannotRun(f'{path}: there is no section "{name}"{_nearest(name, list(sections))}')
        if not isinstance(value, dict):
            raise CannotRun(f'{path}: "{name}" must be a section: write [{name}] on a line of its own')
        keys = [f.name for f in msgspec.structs.fields(sections[name])]
        for key in value:
            if key not in keys:
                raise CannotRun(f'{path}: [{name}] has no key "{key}"{_nearest(key, keys)}')


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f', did you mean "{close[0]}"?' if close else f": the keys are {', '.join(sorted(known))}"


def _lay_over(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    for section, struct in _sections().items():
        for field in msgspec.structs.fields(struct):
            name = f"TESSERA_{section}_{field.name}".upper()
            if name not in environment:
                continue
            value: Any = environment[name]
            if field.type == list[str]:
                value = [part.strip() for part in value.split(",") if part.strip()]
            elif field.type is not str:
                try:
                    value = msgspec.convert(value, field.type, strict=False)
                except msgspec.ValidationError as problem:
                    raise CannotRun(f"the environment's {name} is wrong: {problem}") from None
            raw.setdefault(section, {})[field.name] = value


def _wrong_type(problem: msgspec.ValidationError, path: Path) -> str:
    text = str(problem)
    what, _, where = text.partition(" - at `$.")
    section, _, key = where.rstrip("`").partition(".")
    place = f"[{section}] {key}" if key else section
    return f"{path}: {place}: {what[:1].lower()}{what[1:]}"


def _check(settings: Settings, path: Path) -> None:
    if not 0 <= settings.web.port <= 65535:
        raise CannotRun(f"{path}: [web] port is {settings.web.port}: choose one from 1 to 65535")
    if settings.web.workers < 1:
        raise CannotRun(f"{path}: [web] workers is {settings.web.workers}: it must be at least 1")
    if settings.database.pool < 2:
        raise CannotRun(f"{path}: [database] pool is {settings.database.pool}: it must be at least 2")
    url = settings.web.public_url
    if url and not url.startswith(("https://", "http://")):
        raise CannotRun(f'{path}: [web] public_url is "{url}": begin it with https://')
    if settings.database.url and not settings.database.url.startswith(("postgresql://", "postgres://")):
        raise CannotRun(f"{path}: [database] url must begin with postgresql://")
