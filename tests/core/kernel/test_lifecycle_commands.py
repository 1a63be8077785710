"""The commands that keep a business, as a person types them: each in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tessera.kernel import embedded


@pytest.fixture(scope="module")
def folder(shared_folder: Path) -> Iterator[Path]:
    """An instance whose database keeps running between the commands; where PostgreSQL's account may go."""
    folder = shared_folder / f"gym-{os.getpid()}"
    done = run(["init", str(folder), "--business", "Harbour Gym"])
    assert done.returncode == 0, done.stderr
    server = embedded.acquire(folder / "data")
    yield folder
    server.release()


def run(args: list[str], folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tessera", *(["--instance", str(folder)] if folder else []), *args]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1", **environment},
        timeout=120,
        check=False,
    )


def query(folder: Path, sql: str) -> tuple[object, ...]:
    server = embedded.acquire(folder / "data")
    try:
        with psycopg.connect(server.dsn()) as connection:
            return connection.execute(sql).fetchone() or ()
    finally:
        server.release()


@pytest.fixture(scope="module")
def garden(folder: Path) -> Path:
    """A plugin made by ``plugin new`` and enabled, with one file of settings of its own in the database."""
    assert run(["plugin", "new", "garden"], folder).returncode == 0
    done = run(["plugin", "enable", "garden"], folder)
    assert done.returncode == 0, done.stderr
    return folder / "plugins" / "garden"


def state_of(folder: Path, name: str) -> str:
    lines = run(["plugin", "list"], folder).stdout.splitlines()
    return next(line for line in lines if f" {name} " in line)


def test_a_new_plugin_fits_the_contract(folder, garden):
    done = run(["plugin", "check", str(garden)], folder)
    assert (done.returncode, done.stderr.strip()) == (0, f"{garden} fits the contract")


def test_a_new_plugin_is_enabled_with_its_table(folder, garden):
    assert "enabled everywhere" in state_of(folder, "garden")
    assert query(folder, "SELECT count(*) FROM garden.visit_note") == (0,)


def test_a_changed_table_gets_its_migration(folder, garden):
    tables = garden / "tables.py"
    before = tables.read_text(encoding="utf-8")
    tables.write_text(before + "    weather = Text(null=True, default=None)\n", encoding="utf-8")
    done = run(["plugin", "migration", "garden", "--message", "weather"], folder)
    written = Path(done.stderr.strip())
    text = written.read_text(encoding="utf-8")
    written.unlink()
    tables.write_text(before, encoding="utf-8")
    assert 'column_name="weather"' in text


def test_a_plugin_is_removed_after_its_code_has_gone_and_restored_after_it_is_back(folder, garden, tmp_path):
    hidden = tmp_path / "garden"
    shutil.move(garden, hidden)
    gone = state_of(folder, "garden")
    refused = run(["plugin", "remove", "garden", "--export", str(tmp_path / "g.zip")], folder)
    removed = run(["plugin", "remove", "garden", "--export", str(tmp_path / "g.zip"), "--yes"], folder)
    schema = query(folder, "SELECT to_regnamespace('garden') IS NULL")
    missing = run(["plugin", "restore", str(tmp_path / "g.zip")], folder)
    shutil.move(hidden, garden)
    restored = run(["plugin", "restore", str(tmp_path / "g.zip")], folder)
    assert "enabled but not installed" in gone
    assert (refused.returncode, "add --yes to agree" in refused.stderr) == (2, True)
    assert (removed.returncode, schema) == (0, (True,))
    assert (missing.returncode, "install it first, then restore" in missing.stderr) == (2, True)
    assert (restored.returncode, "garden is back" in restored.stderr) == (0, True)
    assert "enabled everywhere" in state_of(folder, "garden")


def test_a_removed_plugin_stays_away_until_it_is_enabled_again(folder, garden):
    removed = run(["plugin", "remove", "garden", "--yes"], folder)
    kept = list((folder / "removed").glob("garden-*.zip"))
    state = state_of(folder, "garden")
    enabled = run(["plugin", "enable", "garden"], folder)
    assert (removed.returncode, len(kept), "removed" in state, enabled.returncode) == (0, 1, True, 0)


def test_a_broken_plugin_is_listed_with_its_sentence_and_can_be_disabled(folder, garden):
    code = garden / "plugin.py"
    before = code.read_text(encoding="utf-8")
    code.write_text("raise RuntimeError('no water')\n", encoding="utf-8")
    listed = run(["plugin", "list"], folder)
    disabled = run(["plugin", "disable", "garden"], folder)
    code.write_text(before, encoding="utf-8")
    assert 'broken: plugin "garden" cannot be imported (RuntimeError: no water)' in listed.stdout
    assert (listed.returncode, disabled.returncode, disabled.stderr.strip()) == (
        1,
        0,
        "garden disabled; nothing was deleted",
    )
    assert run(["plugin", "enable", "garden"], folder).returncode == 0


def test_a_backup_goes_to_another_folder_with_its_keys(folder, shared_folder, tmp_path):
    secret = {"TESSERA_PASSPHRASE": "correct horse"}
    switched_on = (
        "INSERT INTO setting (key, value, updated_at) VALUES ('messaging.mode', '\"on\"', now()) RETURNING key"
    )
    query(folder, switched_on)
    saved = run(["backup", str(tmp_path / "b.tessera")], folder)
    query(folder, "DELETE FROM setting WHERE key = 'messaging.mode' RETURNING key")
    exported = run(["key", "export", str(tmp_path / "k.json")], folder, **secret)
    other = shared_folder / f"other-{os.getpid()}"
    assert run(["init", str(other), "--business", "Other"]).returncode == 0
    server = embedded.acquire(other / "data")
    refused = run(["restore", str(tmp_path / "b.tessera")], other)
    imported = run(["key", "import", str(tmp_path / "k.json")], other, **secret)
    restored = run(["restore", str(tmp_path / "b.tessera")], other)
    name = query(other, "SELECT name FROM business")
    messages = query(other, "SELECT value FROM setting WHERE key = 'messaging.mode'")
    server.release()
    assert (saved.returncode, exported.returncode) == (0, 0), saved.stderr + exported.stderr
    assert (refused.returncode, "made with other keys" in refused.stderr) == (2, True)
    assert (imported.returncode, restored.returncode, name) == (0, 0, ("Harbour Gym",)), restored.stderr
    assert messages == ("off",)


def test_a_wrong_passphrase_changes_nothing(folder, tmp_path):
    run(["key", "export", str(tmp_path / "k.json")], folder, TESSERA_PASSPHRASE="correct horse")
    before = (folder / "keys.json").read_bytes()
    done = run(["key", "import", str(tmp_path / "k.json")], folder, TESSERA_PASSPHRASE="another horse")
    assert (done.returncode, "passphrase does not open" in done.stderr, (folder / "keys.json").read_bytes()) == (
        2,
        True,
        before,
    )


def test_the_doctor_finds_nothing_to_mend_in_a_sound_instance(folder):
    done = run(["doctor"], folder)
    problems = [line for line in done.stdout.splitlines() if "problem" in line]
    assert [p for p in problems if "front-end" not in p] == []


def test_a_backup_that_is_there_already_is_not_overwritten(folder, tmp_path):
    (tmp_path / "b.tessera").write_text("precious", encoding="utf-8")
    done = run(["backup", str(tmp_path / "b.tessera")], folder)
    assert (done.returncode, (tmp_path / "b.tessera").read_text(encoding="utf-8")) == (2, "precious")


def test_what_fails_is_one_sentence_and_no_traceback(folder, tmp_path):
    done = run(["restore", str(tmp_path / "none.tessera")], folder)
    assert (done.returncode, "Traceback" in done.stderr, len(done.stderr.strip().splitlines())) == (2, False, 1)
