"""The plugin is found beside this folder, as an instance finds a local one: it need not be installed."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def plugins_folder() -> Path:
    return Path(__file__).parents[1]
