"""Where the real input lies that comes beside the repository."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


def real(name: str) -> Path:
    """The path of one real file; the test that asks is skipped where the files did not come along."""
    path = Path(os.environ.get("TESSERA_SHARED_DATA", _BESIDE)) / name
    if not path.is_file():
        pytest.skip(f"{name} is not here: set TESSERA_SHARED_DATA to the folder that holds the real input")
    return path
