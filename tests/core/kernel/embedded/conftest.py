"""Folders with and without a database, and those who hold its server."""

import subprocess
import sys

import pytest
from core.kernel.embedded.servers import (
    HOLDER,
    QUICK,
    end_servers_below,
    passable_folder,
)

from tessera.kernel import embedded


@pytest.fixture
def folder():
    with passable_folder() as made:
        yield made


@pytest.fixture(scope="module")
def shared():
    """One server for all tests that leave it as it was."""
    with passable_folder() as made:
        handle = embedded.acquire(made / "data", options=QUICK)
        yield handle
        handle.release()


@pytest.fixture(scope="module")
def resting():
    """A folder with a database, near enough to / for a socket in it."""
    with passable_folder() as made:
        embedded.acquire(made / "data", options=QUICK).release()
        yield made / "data"


@pytest.fixture(scope="module")
def resting_far():
    """A folder with a database, with a path too long for a socket in it."""
    with passable_folder() as made:
        embedded.acquire(made / ("shop-" * 25) / "data", options=QUICK).release()
        yield made / ("shop-" * 25) / "data"


@pytest.fixture
def new(folder):
    """A data folder that does not exist yet."""
    return folder / "data"


@pytest.fixture
def data(resting):
    """The folder of a database at rest, which is at rest again for the next test."""
    yield resting
    end_servers_below(resting)


@pytest.fixture
def far(resting_far):
    """The same with a long path."""
    yield resting_far
    end_servers_below(resting_far)


@pytest.fixture
def held(data):
    """A handle that is given back whatever happens."""
    handle = embedded.acquire(data, options=QUICK)
    yield handle
    handle.release()


@pytest.fixture
def holder(data):
    """Starts processes that hold the server until they are told to leave."""
    running = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        running.append(process)
        assert process.stdout.readline().strip() == b"holds"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()
