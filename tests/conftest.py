"""What the whole suite shares: the plugin of the test tree, and how long hypothesis may look."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent

_PATIENT = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]

settings.register_profile("dev", max_examples=20, deadline=None, suppress_health_check=_PATIENT)
# the same examples each time: what is red is the change's own doing; the nights look for what nobody thought of
settings.register_profile("ci", max_examples=100, deadline=None, suppress_health_check=_PATIENT, derandomize=True)
settings.register_profile("nightly", max_examples=2000, deadline=None, suppress_health_check=_PATIENT)
settings.load_profile(os.environ.get("TESSERA_HYPOTHESIS", "dev"))


@pytest.fixture(scope="session")
def plugins_folder() -> Path:
    """The dummy plugin, which uses the whole surface."""
    return HERE / "dummy"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that lies beside the repository; what needs it is skipped where it is not."""
    folder = Path(os.environ.get("TESSERA_SHARED_DATA", HERE.parent.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real input at {folder}: set TESSERA_SHARED_DATA to its folder")
    return folder
