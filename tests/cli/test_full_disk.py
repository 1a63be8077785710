"""A disk that fills up while an import runs: one sentence, whole chunks, and the same command goes on afterwards."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from cli.shop import command, disk, refusal

ROWS = 6000
SPARE = 20 * 1024**2
"""Bytes left on the disk: less than the next two pieces of PostgreSQL's own log."""

pytestmark = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0 or not shutil.which("mount"), reason="only root may mount a small disk"
)


def a_list(path: Path) -> Path:
    rows = [f"Member {i},139{i:08},member{i}@example.com" for i in range(ROWS)]
    path.write_text("\n".join(["name,phone,email", *rows]))
    return path


def test_an_import_that_fills_the_disk_goes_on_where_it_stopped(tmp_path):
    people = a_list(tmp_path / "people.csv")
    with disk("size=140m,mode=0711") as small:
        shop, ballast = small / "shop", small / "ballast"
        assert command("init", shop, "--business", "Harbour").returncode == 0
        ballast.write_bytes(bytes(shutil.disk_usage(small).free - SPARE))
        said = refusal(command("--instance", shop, "import", "members", people, "--source", "old"))
        ballast.unlink()
        again = command("--instance", shop, "import", "members", people, "--source", "old", "--json")
    assert "No space left on device" in said
    assert "free some space and run the command again" in said
    assert again.returncode == 0, again.stderr
    assert f'"created":{ROWS}' in again.stdout
