"""The plugin in ``examples`` works as an outsider has it: beside Tessera, not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "tessera_physio"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=EXAMPLE, capture_output=True, text=True, timeout=120, check=False
    )


def test_its_own_tests_pass_where_it_lies():
    done = run("pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_it_fits_the_contract():
    done = run("tessera", "plugin", "check", "tessera_physio")
    assert done.returncode == 0, done.stderr
