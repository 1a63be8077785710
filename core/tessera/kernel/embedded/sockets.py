"""The private folder in which the server's socket lies: whoever can enter it is the database's superuser."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from tessera.kernel.errors import CannotRun

PORT = 5432
NAME = f".s.PGSQL.{PORT}"
# sun_path of sockaddr_un without its closing zero: unix(7), and 104 in the BSDs' and Apple's sys/un.h.
LONGEST = 103 if sys.platform == "darwin" else 107


def folder_for(pgdata: Path, uid: int) -> Path:
    """``pgdata`` itself when its path is short enough, else a short folder named after it."""
    if _fits(pgdata):
        return pgdata
    # The inode keeps apart a folder from another that later takes its place.
    digest = hashlib.sha256(f"{pgdata}:{pgdata.stat().st_ino}".encode()).hexdigest()[:12]
    for temporary in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - what is made in it is private and checked
        if _fits(folder := Path(temporary).resolve() / f"tessera-{uid}-{digest}"):
            return folder
    raise CannotRun(f"the path {pgdata} is too long for PostgreSQL's socket: keep the instance nearer to /")


def claim(folder: Path, uid: int, gid: int) -> None:
    """Make the folder private to ``uid``; refuse one that is somebody else's, or a link to elsewhere."""
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        refuse_foreign(folder, uid)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != uid:
            os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def refuse_foreign(folder: Path, uid: int) -> None:
    """Refuse a folder in which another account could stand between us and the server."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
        raise CannotRun(
            f"{folder} is not a folder of the account that runs PostgreSQL: somebody else made it; "
            "remove it, or keep the instance at a shorter path"
        )


def clear(folder: Path, uid: int) -> None:
    """Remove the socket of a dead server and its lock; a folder that is not the account's is left alone."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode) and found.st_uid == uid:
        (folder / NAME).unlink(missing_ok=True)
        (folder / f"{NAME}.lock").unlink(missing_ok=True)


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / NAME)) <= LONGEST
