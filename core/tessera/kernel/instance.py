"""An instance: one folder with its settings, keys, data and local plugins."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import Keys, new_keys, read_keys, write_keys
from tessera.kernel.settings import Settings, load_settings

SETTINGS_FILE = "tessera.toml"

TEMPLATE = """\
# Tessera: what must be known before the database answers. Everything else is set on its pages.
# Each key can also come from the environment: TESSERA_DATABASE_URL, TESSERA_WEB_PORT, ...

[database]
# url = "postgresql://tessera@db.example.com/tessera"   # empty: the embedded PostgreSQL in data/
# pool = 10

[web]
# host = "127.0.0.1"
# port = 8000
# public_url = "https://crm.example.com"                # what people type; needed behind TLS
# workers = 1
# trusted_proxies = ["127.0.0.1"]

[worker]
# beside = true                                         # one worker process with `tessera run`
"""


@dataclass(frozen=True)
class Instance:
    """The folder of one business."""

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """What ``tessera.toml`` and the environment say."""
        return load_settings(self.folder / SETTINGS_FILE)

    @cached_property
    def keys(self) -> Keys:
        """The instance's secrets."""
        return read_keys(self.key_file)

    @property
    def key_file(self) -> Path:
        """Where the secrets are."""
        return self.folder / self.settings.keys.file

    @property
    def data(self) -> Path:
        """The embedded database and what belongs to it."""
        return self.folder / "data"

    @property
    def plugins_folder(self) -> Path:
        """Local plugins: one file or one folder each."""
        return self.folder / "plugins"


def open_instance(folder: Path | None = None) -> Instance:
    """The instance in ``folder``, in ``TESSERA_INSTANCE``, or in the current folder."""
    named = folder or (Path(os.environ["TESSERA_INSTANCE"]) if os.environ.get("TESSERA_INSTANCE") else Path.cwd())
    if not (named / SETTINGS_FILE).is_file():
        raise CannotRun(
            f"{named} is no Tessera instance (no {SETTINGS_FILE}): run `tessera init DIR --business NAME`, "
            "or name one with --instance"
        )
    instance = Instance(named.resolve())
    _ = instance.settings
    return instance


def create_instance(folder: Path) -> Instance:
    """Make the folder of a new instance; one that holds something else is left alone.

    When anything cannot be written, what was begun is taken away again.
    """
    fresh = not folder.exists()
    if not fresh and (not folder.is_dir() or any(folder.iterdir())):
        what = "already holds an instance" if (folder / SETTINGS_FILE).exists() else "is not an empty folder"
        raise CannotRun(f"{folder} {what}: choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plugins").mkdir()
        (folder / "data").mkdir()
        write_keys(folder / "keys.json", new_keys())
        (folder / SETTINGS_FILE).write_text(TEMPLATE, encoding="utf-8")
    except OSError as problem:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        raise CannotRun(
            f"{folder} cannot be written ({problem.strerror}): free some space or choose a folder that you may write to"
        ) from None
    return Instance(folder.resolve())
