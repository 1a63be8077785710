"""Running PostgreSQL's own programs: with a clean environment, and refusals in one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tessera.kernel.embedded.binaries import binary
from tessera.kernel.errors import CannotRun

if TYPE_CHECKING:
    from tessera.kernel.embedded.handles import EmbeddedServer

ERROR = re.compile(r"FATAL:|PANIC:|ERROR:|error:")
PREFIX = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\] ")
"""What log_line_prefix puts before each line."""

# A console's Ctrl-C goes to its whole foreground group: the server must outlive the one who types it.
DETACHED: dict[str, Any] = (
    {"creationflags": 0x00000200 | 0x08000000}  # CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW
    if os.name == "nt"
    else {"start_new_session": True}
)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without what would lead libpq or PostgreSQL elsewhere, and with messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", **(extra or {})}


def run_tool(
    name: str,
    args: Sequence[str | Path],
    *,
    server: EmbeddedServer | None = None,
    timeout: float | None = None,
    input: str | bytes | None = None,
    stdout: IO[bytes] | None = None,
) -> str:
    """Run ``pg_dump``, ``pg_restore`` or ``psql`` and return what it printed, unless ``stdout`` takes that.

    With ``server`` it talks to that server and its database by default (``pg_restore`` wants
    ``--dbname`` all the same); the password, where there is one, is not on the command line.
    """
    # Without ``server`` the arguments name another one, whose certificates or passfile the environment may name.
    environment = clean_environment(_environment_of(server)) if server else {**os.environ, "LC_ALL": "C"}
    try:
        return finish([binary(name), *args], timeout=timeout, given=input, stdout=stdout, env=environment)
    except OSError as problem:
        raise CannotRun(f"{name} cannot be run ({problem.strerror or problem}): is the disk full?") from None


def finish(
    command: Sequence[str | Path],
    *,
    timeout: float | None = None,
    given: str | bytes | None = None,
    stdout: IO[bytes] | None = None,
    **process: Any,
) -> str:
    """Run a program to its end; what it printed, or CannotRun with its own reason.

    Output goes through files, not pipes: a pipe stays open as long as any grandchild lives.
    """
    name = Path(command[0]).name
    process = {**DETACHED, **process}
    if given is None:
        process["stdin"] = subprocess.DEVNULL
    else:
        process["input"] = given.encode() if isinstance(given, str) else given
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            done = subprocess.run(command, stdout=stdout or out, stderr=err, timeout=timeout, check=False, **process)
        except subprocess.TimeoutExpired:
            raise CannotRun(f"{name} did not finish in {timeout:g} seconds") from None
        out.seek(0)
        err.seek(0)
        printed, complaints = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if done.returncode != 0:
        raise CannotRun(f"{name} failed: {reason(complaints or printed)}")
    return printed


def reason(output: str) -> str:
    """The line that says why: the first that names an error, for the others follow from it; else the last of all."""
    lines = [PREFIX.sub("", line.strip()) for line in output.splitlines() if line.strip()]
    # "the database system is starting up" is only what clients were told meanwhile.
    errors = [line for line in lines if ERROR.search(line) and "the database system is" not in line]
    return (errors[:1] or lines[-1:] or ["it gave no reason"])[0]


def _environment_of(server: EmbeddedServer) -> dict[str, str]:
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}
    return {names[key]: str(value) for key, value in server.connection.items()}
