"""Keys: only their owner reads them, and an export opens with its passphrase alone."""

from __future__ import annotations

import sys

import pytest

from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import export_keys, import_keys, new_keys, read_keys, write_keys


def test_keys_survive_writing_and_reading(tmp_path):
    keys = new_keys()
    write_keys(tmp_path / "keys.json", keys)
    assert read_keys(tmp_path / "keys.json") == keys


def test_an_existing_key_file_is_never_overwritten(tmp_path):
    write_keys(tmp_path / "keys.json", new_keys())
    with pytest.raises(FileExistsError):
        write_keys(tmp_path / "keys.json", new_keys())


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "keys.json"
    write_keys(path, new_keys())
    path.chmod(0o644)
    with pytest.raises(CannotRun, match=r"can be read by others: run chmod 600"):
        read_keys(path)


def test_a_damaged_key_file_says_what_to_do(tmp_path):
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_bytes(b"{")
    with pytest.raises(CannotRun, match=r"is damaged .* restore it from `tessera key export`"):
        read_keys(path)


def test_an_export_opens_with_its_passphrase():
    keys = new_keys()
    assert import_keys(export_keys(keys, "a long walk"), "a long walk") == keys


def test_an_export_stays_shut_for_another_passphrase():
    with pytest.raises(CannotRun, match="the passphrase does not open the exported keys"):
        import_keys(export_keys(new_keys(), "a long walk"), "a short walk")


def test_a_file_that_is_no_export_is_refused():
    with pytest.raises(CannotRun, match="the file holds no exported keys"):
        import_keys(b"[1, 2]", "x")


def test_the_fingerprint_tells_instances_apart():
    assert new_keys().fingerprint() != new_keys().fingerprint()
