"""The operating-system account that PostgreSQL runs as, and which folders that account may enter."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tessera.kernel.errors import CannotRun

SYSTEM_USER = "tessera-pg"


@dataclass(frozen=True)
class Account:
    """Another account than ours: only root needs one, because PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int

    @property
    def process(self) -> dict[str, Any]:
        """What ``subprocess`` needs to run as this account: its group too, and none of root's."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, path: Path, wanted: int) -> bool:
        """Whether the mode bits grant ``wanted`` (4 read, 2 write, 1 enter) on ``path``."""
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return (found.st_mode >> shift) & wanted == wanted

    def first_private_parent(self, path: Path) -> Path | None:
        """The topmost folder above ``path`` that this account may not enter."""
        return next((folder for folder in reversed(path.parents) if not self.may(folder, 1)), None)


def account_for(data: Path) -> Account | None:
    """Who runs the server of ``data``: ``None`` means whoever we are. Makes the system user when it is needed."""
    if not is_root():
        return None
    return existing_account(data) or _create_system_user()


def existing_account(data: Path) -> Account | None:
    """As root, who runs the server, when that account is there already.

    It is the owner of what is there, so that an administrator's command on somebody's instance
    leaves it usable for its owner; else a system user made for it.
    """
    for folder in (data / "postgres", data):
        owner = folder.stat().st_uid if folder.exists() else 0
        if owner and (found := _by_uid(owner)):
            return found
    return _by_name(SYSTEM_USER)


def is_root() -> bool:
    """Whether we are the one whom PostgreSQL refuses."""
    return os.name != "nt" and os.geteuid() == 0


def barrier(data: Path, account: Account) -> str | None:
    """The sentence about the first folder above ``data`` that the account may not enter."""
    private = account.first_private_parent(data)
    if private is None:
        return None
    return (
        f"PostgreSQL does not run as root and its account {account.name} may not enter {private}: "
        "run tessera as an unprivileged user, or keep the instance in a folder such as /srv/tessera"
    )


def require_way_to(data: Path, account: Account | None) -> None:
    """Refuse a data folder that the account cannot reach; never open a folder above it.

    The data folder itself is ours: the account's group may pass through it, nobody else.
    """
    if account is None:
        return
    if sentence := barrier(data, account):
        raise CannotRun(sentence)
    if not account.may(data, 1):
        os.chown(data, -1, account.gid)
        data.chmod(stat.S_IMODE(data.stat().st_mode) | stat.S_IXGRP)


def give(path: Path, account: Account | None) -> None:
    """Make ``path``, and all below it, the account's own."""
    if account is None:
        return
    for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
        os.chown(each, account.uid, account.gid, follow_symlinks=False)


def share_with_owner(file: Path) -> None:
    """A file that root made in somebody's folder goes to that somebody, who must open it too."""
    if is_root():
        owner = file.parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _by_uid(uid: int) -> Account | None:
    import pwd

    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _by_name(name: str) -> Account | None:
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    if entry.pw_uid == 0:
        raise CannotRun(f"the user {name} has the rights of root: give it another uid, PostgreSQL runs as it")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_system_user() -> Account:
    command = [
        *("useradd", "--system", "--user-group", "--no-create-home"),
        *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER),
    ]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
        reason = made.stderr.strip().splitlines()[-1:] or [f"useradd ended with {made.returncode}"]
    except FileNotFoundError:
        reason = ["there is no useradd here"]
    # Another instance may have made the user in the same moment, which is as good.
    if account := _by_name(SYSTEM_USER):
        return account
    raise CannotRun(
        f"PostgreSQL does not run as root and the system user {SYSTEM_USER} could not be made "
        f"({reason[0]}): run tessera as an unprivileged user"
    )
