"""What a doctor has to say about the embedded server before anybody starts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tessera.kernel.embedded import binaries, settings, sockets
from tessera.kernel.embedded.account import SYSTEM_USER, Account, barrier, existing_account, is_root
from tessera.kernel.embedded.cluster import Cluster
from tessera.kernel.errors import CannotRun

ROOM = 1024**3
"""Bytes below which the disk is called short: PostgreSQL's own log of changes may take as much (max_wal_size)."""
NOBODY_YET = -1
"""A uid and gid that own nothing: an account still to be made gets what is open to all."""


def problems(data: Path) -> list[str]:
    """One sentence for each thing that stops the server, or will; nothing is changed by asking."""
    data = data.resolve()
    if not data.is_dir():
        return [f"{data} is not a folder: it is made by `tessera init`"]
    try:
        return list(_found(data))
    except OSError as problem:
        return [f"{problem.filename or data} cannot be looked at: {problem.strerror}"]


def _found(data: Path) -> Iterator[str]:
    if not os.access(data, os.W_OK | os.X_OK):
        yield f"{data} cannot be written by this user: give it to the user who runs tessera"
        return
    if (free := shutil.disk_usage(data).free) < ROOM:
        yield (
            f"only {free // 1024**2} MB are free for {data}: PostgreSQL stops when the disk is full; free at least 1 GB"
        )
    account = None
    if is_root():
        yield (
            "tessera runs as root: PostgreSQL works under a system user of its own, but one unprivileged user "
            "for all of tessera is safer"
        )
        account = existing_account(data)
        if account is None and not shutil.which("useradd"):
            yield f"the system user {SYSTEM_USER} cannot be made, there is no useradd: run tessera as another user"
        account = account or Account(SYSTEM_USER, NOBODY_YET, NOBODY_YET)
        if sentence := barrier(data, account):
            yield sentence
    yield from _about(Cluster(data, account, binaries.INSTALLED))


def _about(cluster: Cluster) -> Iterator[str]:
    try:
        if not cluster.exists():
            return
        if settings.LISTENS_ON_TCP:
            settings.read_login(cluster.data)
            return
        folder = cluster.socket_folder()
        if folder != cluster.pgdata and (folder.is_symlink() or folder.exists()):
            sockets.refuse_foreign(folder, cluster.uid)
    except CannotRun as problem:
        yield str(problem)
    if cluster.pgdata.stat().st_mode & 0o077:
        yield f"{cluster.pgdata} is open to other users: it is closed at the next start"
