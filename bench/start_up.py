"""Start to first page: ``tessera run`` against PostgreSQL's start and a bare Litestar, both on an existing database."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.frame import Budget, Result, in_turn, result
from tessera.kernel import embedded

RUNS = 9


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until_answered(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for the first page."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the process ended with {process.returncode} before it answered")
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.01)
    raise RuntimeError("no answer within 60 s")


class Runner:
    """Starts one process at a time, and times it until it answers; stopping the one before is not timed."""

    def __init__(self) -> None:
        self.running: subprocess.Popen[bytes] | None = None

    def start(self, arguments: list[str], path: str) -> float:
        """The seconds from the start of a process to its first page."""
        self.stop()
        port = free_port()
        began = time.perf_counter()
        self.running = subprocess.Popen(
            [sys.executable, *arguments, "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        until_answered(f"http://127.0.0.1:{port}{path}", self.running)
        return time.perf_counter() - began

    def stop(self) -> None:
        """End what is running, as a person would."""
        if self.running is not None:
            self.running.send_signal(signal.SIGTERM)
            self.running.wait(30)
            self.running = None


def make(shop: Path, bare: Path) -> None:
    """A business that someone can sign in to, and a bare database."""
    tessera = [sys.executable, "-m", "tessera", "--instance", str(shop)]
    password = {"TESSERA_PASSWORD": secrets.token_urlsafe(12)}
    for arguments in (
        [*tessera[:3], "init", str(shop), "--business", "Bench", "--plugins", "fitness"],
        [*tessera, "staff", "add", "owner", "--name", "Owner", "--role", "owner"],
    ):
        subprocess.run(arguments, check=True, capture_output=True, env={**os.environ, **password})
    bare.mkdir(mode=0o711)
    embedded.acquire(bare).release()


def run() -> list[Result]:
    """Both sides in turn."""
    runner = Runner()
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        shop, bare = Path(place) / "shop", Path(place) / "bare"
        make(shop, bare)
        try:
            ours, baseline = in_turn(
                lambda: runner.start(["-m", "tessera", "--instance", str(shop), "run"], "/sign-in"),
                lambda: runner.start(["-m", "bench.bare", str(bare)], "/"),
                RUNS,
            )
        finally:
            runner.stop()
    return [
        result(
            "start to first page, database existing",
            ("tessera run", ours),
            ("postgres + bare Litestar", baseline),
            Budget(at_most=2.0),
        )
    ]
