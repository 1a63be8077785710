"""A real instance in a folder, its real processes, and what kills them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

PATIENCE = 40.0
UNANSWERED = 3 * PATIENCE
"""Seconds that a till repeats itself: the server's beginning, and the crowd that waited for it."""
CLIENTS = 32
"""Requests under way at once."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tessera(folder: Path, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "tessera", "--instance", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        env={**os.environ, **environment},
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"tessera {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done


@contextmanager
def instance() -> Iterator[Path]:
    """A new instance with a store, in a folder that PostgreSQL's own user may enter."""
    place = Path(tempfile.mkdtemp(prefix="tessera-kill-"))
    place.chmod(0o711)
    folder = place / "shop"
    subprocess.run(
        [sys.executable, "-m", "tessera", "init", str(folder), "--business", "Harbour", "--plugins", "fitness"],
        check=True,
        capture_output=True,
        timeout=90,
    )
    try:
        tessera(folder, "store", "add", "main", "--name", "Main street")
        yield folder
    finally:
        stop_everything(folder)
        subprocess.run(["rm", "-rf", str(place)], check=False)


def api_key(folder: Path) -> str:
    """An API key that may do everything."""
    return tessera(folder, "apikey", "add", "till", "--permission", "*").stdout.strip().split()[-1]


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that has the folder on its command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(folder) in line and process.pid != os.getpid():
            found.append(process)
    return found


def stop_everything(folder: Path) -> None:
    """End what is left of an instance; only processes of this very folder."""
    for process in processes_of(folder):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def postmaster(folder: Path) -> psutil.Process:
    """The instance's PostgreSQL."""
    return psutil.Process(int((folder / "data" / "postgres" / "postmaster.pid").read_text().split("\n")[0]))


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that must become true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"after {PATIENCE:.0f} s still not: {what}")


class Running:
    """``tessera run`` of an instance, with its worker beside."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.key = key
        self.log = folder.parent / f"run-{self.port}.log"
        # one for all tills: the making of each would take the server's time away
        self._tills = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1",
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=PATIENCE,
            limits=httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=0),
        )
        self.start_again()
        until(self.answers, "the server answers")

    def start_again(self) -> None:
        """Begin anew on the same port, without waiting."""
        self.process = self._start()
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {self.key}"}, timeout=30
        )

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tessera", "--instance", str(self.folder), "run", "--port", str(self.port)]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def answers(self) -> bool:
        """Whether it is there and well."""
        if self.process.poll() is not None:
            raise AssertionError(f"tessera run ended: {self.log.read_text()[-2000:]}")
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def insist(self, path: str, body: object, key: str = "") -> httpx.Response:
        """Send until it is answered, as a till does; the ``key`` makes it one."""
        headers = {"Idempotency-Key": key} if key else {}
        end = time.monotonic() + UNANSWERED
        said = "nothing"
        while time.monotonic() < end:
            try:
                answer = self._tills.post(path, json=body, headers=headers)
            except httpx.TransportError as problem:
                said = repr(problem)
            else:
                if answer.status_code < 500:
                    return answer
                said = answer.text
                assert answer.status_code in (500, 503), said
            time.sleep(0.1)
        log = self.log.read_text()[-3000:]
        raise AssertionError(f"{path} {key} was not answered for {UNANSWERED:.0f} s: {said}\n{log}")

    def worker(self) -> psutil.Process:
        """The worker beside it."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if "worker" in child.cmdline():
                return child
        raise AssertionError(f"there is no worker beside the server: {self.log.read_text()[-3000:]}")

    def kill_worker(self) -> None:
        """SIGKILL the worker, and wait until it is gone."""
        worker = self.worker()
        worker.kill()
        worker.wait(10)

    def has_worker(self) -> bool:
        """Whether a worker is there already."""
        return any("worker" in c.cmdline() for c in psutil.Process(self.process.pid).children(recursive=True))

    def kill(self) -> None:
        """SIGKILL, as the machine would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.http.close()

    def stop(self) -> None:
        """End it as a person would."""
        self.process.terminate()
        self.process.wait(30)
        self.http.close()
        self._tills.close()


def sql(folder: Path, query: str) -> list[list[str]]:
    """Ask the instance's database, as an outsider."""
    from tessera.kernel import embedded

    server = embedded.acquire(folder / "data")
    try:
        said = embedded.run_tool("psql", ["-X", "-A", "-t", "-F", "\t", "-d", server.dsn(), "-c", query], server=server)
    finally:
        server.release()
    return [line.split("\t") for line in said.splitlines() if line]


def as_json(text: str) -> object:
    """The last line of an output as JSON."""
    return json.loads(text.strip().splitlines()[-1])
