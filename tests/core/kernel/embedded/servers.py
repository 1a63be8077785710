"""Real embedded servers in folders of their own: how tests look at them, kill them and ask them."""

import os
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from tessera.kernel.embedded.cluster import Cluster
from tessera.kernel.embedded.server import Server

QUICK = {"fsync": "off", "shared_buffers": "8MB"}
HOLDER = """
import signal
import sys
from pathlib import Path
from tessera.kernel import embedded
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where whoever started the tests ignores it
server = embedded.acquire(Path(sys.argv[1]), options={"fsync": "off"})
print("holds", flush=True)
sys.stdin.readline()
server.release()
"""

on_posix = pytest.mark.skipif(os.name == "nt", reason="folder modes and sockets of POSIX")
as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root runs the server as another")


@contextmanager
def passable_folder():
    """A folder that other accounts may pass through, unlike pytest's own; no server outlives it."""
    made = Path(tempfile.mkdtemp(prefix="tessera-test-")).resolve()
    made.chmod(0o711)
    yield made
    end_servers_below(made)
    shutil.rmtree(made)


def end_servers_below(folder):
    servers = [process for process in psutil.process_iter() if is_postmaster_below(process, folder)]
    for process in servers:
        process.send_signal(signal.SIGQUIT)
    psutil.wait_procs(servers, timeout=5)


def is_postmaster_below(process, made):
    try:
        return process.name().startswith("postgres") and any(str(made) in part for part in process.cmdline())
    except psutil.Error:
        return False


def leave(process):
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 0


def running(data):
    return Server(Cluster.of(data))


def postmaster(data):
    found = running(data).postmaster()
    assert found is not None
    return found


def is_up(data):
    return running(data).postmaster() is not None


def kill_server(data):
    postmaster(data).kill()
    # Not waited for by its pid: where nobody reaps it, the zombie stays.
    deadline = time.monotonic() + 5
    while is_up(data):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ask(handle, query):
    with psycopg.connect(handle.dsn()) as connection:
        return connection.execute(query).fetchone()[0]


def tell(handle, *statements):
    with psycopg.connect(handle.dsn(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
