"""What a service manager sees: told to stop, everything stops, the database last and at rest."""

from __future__ import annotations

import os
import signal

import pytest
from kill.processes import Running, api_key, instance, processes_of, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to answer")


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_well_and_leaves_no_process(told):
    with instance() as shop:
        served = Running(shop, api_key(shop))
        until(served.has_worker, "there is a worker")
        served.process.send_signal(told)
        code = served.process.wait(60)
        left = [process.cmdline() for process in processes_of(shop)]
        log = (shop / "data" / "postgres.log").read_text()
        served.http.close()
    assert (code, left) == (0, [])
    assert log.rstrip().endswith("database system is shut down")
