"""What Tessera tells its PostgreSQL: the server's settings, and how one logs in to it."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tessera.kernel.embedded.account import Account, give
from tessera.kernel.errors import CannotRun

# Windows has Unix sockets, but no folder modes to guard one with: a password on loopback instead.
LISTENS_ON_TCP = os.name == "nt"
LOOPBACK = "127.0.0.1"
LOGIN_FILE = ".postgres-login"
LOCAL_FILE = "postgresql.local.conf"

HEADER = """\
# Tessera writes this file at each start of PostgreSQL.
# What you set in postgresql.local.conf beside it is kept and wins over most of it.
"""

BASIC = {
    "max_connections": "60",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] ",
    # Statements and details quote rows, and rows hold personal values that no log may keep.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Login:
    """Where a server that listens on loopback is, and its password."""

    port: int
    password: str


def render(folder: Path | None, port: int, options: Mapping[str, str], *, with_local: bool) -> str:
    """The text of ``postgresql.conf``; ``folder`` holds the socket, ``None`` means loopback."""
    where = {
        "listen_addresses": "" if folder else LOOPBACK,
        # A list of names: in double quotes, a comma or a blank in the path is no separator.
        "unix_socket_directories": '"{}"'.format(str(folder).replace('"', '""')) if folder else "",
        "port": str(port),
    }
    chosen = [_line(name, value) for name, value in options.items()]
    basic = [_line(name, value) for name, value in BASIC.items()]
    fixed = [_line(name, value) for name, value in where.items()]
    local = [f"include = '{LOCAL_FILE}'"] if with_local else []
    return "\n".join([HEADER, *basic, *local, *chosen, *fixed, ""])


def _line(name: str, value: str) -> str:
    if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", name) or "\n" in value:
        raise CannotRun(f"{name!r} cannot be set for PostgreSQL to {value!r}")
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"{name} = '{escaped}'"


def read_login(data: Path) -> Login:
    """The login that was made with the database."""
    try:
        return Login(**json.loads((data / LOGIN_FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        raise CannotRun(
            f"{data / LOGIN_FILE}, which holds the password of the database, is missing or damaged: "
            "bring it back from a backup"
        ) from None


def new_login(data: Path) -> Login:
    """Make and keep a password that nobody has to know."""
    login = Login(free_port(None), secrets.token_urlsafe(32))
    keep_login(data, login)
    return login


def keep_login(data: Path, login: Login) -> None:
    """Keep the login for the processes that come later."""
    write_private(data / LOGIN_FILE, json.dumps(asdict(login)), None)


def free_port(wanted: int | None) -> int:
    """``wanted`` when nobody listens there, so that running processes find the server again; else another."""
    for port in (wanted, 0):
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if port is not None:
                probe.bind((LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise CannotRun(f"there is no free port on {LOOPBACK} for PostgreSQL")


def write_private(path: Path, text: str, account: Account | None) -> None:
    """Put a file there in one step, readable for one account alone.

    The new file is opened exclusively: in a folder of PostgreSQL's account, root follows no link.
    """
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        give(fresh, account)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
