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

RUNS = 5


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


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def run() -> list[Result]:
    """Both sides in turn; stopping is not timed."""
    place = Path(tempfile.mkdtemp(prefix="tessera-bench-"))
    place.chmod(0o711)
    shop, bare = place / "shop", place / "bare"
    subprocess.run(
        [sys.executable, "-m", "tessera", "init", str(shop), "--business", "Bench", "--plugins", "fitness"],
        check=True,
        capture_output=True,
    )
    tessera = [sys.executable, "-m", "tessera", "--instance", str(shop)]
    who = ["staff", "add", "owner", "--name", "Owner", "--role", "owner"]
    password = {"TESSERA_PASSWORD": secrets.token_urlsafe(12)}
    subprocess.run([*tessera, *who], check=True, capture_output=True, env={**os.environ, **password})
    bare.mkdir(mode=0o711)
    embedded.acquire(bare).release()
    running: list[subprocess.Popen[bytes]] = []

    def begin(arguments: list[str], path: str) -> float:
        while running:
            stop(running.pop())
        port = free_port()
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments, "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        running.append(process)
        until_answered(f"http://127.0.0.1:{port}{path}", process)
        return time.perf_counter() - began

    try:
        ours, baseline = in_turn(
            lambda: begin(["-m", "tessera", "--instance", str(shop), "run"], "/sign-in"),
            lambda: begin(["-m", "bench.bare", str(bare)], "/"),
            RUNS,
        )
    finally:
        while running:
            stop(running.pop())
        subprocess.run(["rm", "-rf", str(place)], check=False)
    return [
        result(
            "start to first page, database existing",
            ("tessera run", ours),
            ("postgres + bare Litestar", baseline),
            Budget(at_most=2.0),
        )
    ]
