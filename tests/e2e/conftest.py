"""The demonstration as a newcomer starts it, and a real browser to look at it with."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Demo:
    """A running demonstration: its address, folder, and the passwords by login."""

    url: str
    folder: Path
    passwords: dict[str, str]


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """``tessera demo`` on a free port, in a folder of its own."""
    place = Path(tempfile.mkdtemp(prefix="tessera-e2e-"))
    place.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (place / "demo.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "tessera", "demo", "--port", str(port), "--host", "127.0.0.1"],
        env={**os.environ, "TESSERA_DEMO": str(place / "demo")},
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, place / "demo.log")
        people = json.loads((place / "demo" / "sign-ins.json").read_text())
        yield Demo(url, place / "demo", {p["login"]: p["password"] for p in people})
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        shutil.rmtree(place, ignore_errors=True)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"tessera demo ended: {log.read_text()[-3000:]}")
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"tessera demo did not answer: {log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium of this machine; not for longer than a module, for its event loop shuts out that of others."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, demo: Demo) -> Iterator[object]:
    """Open a page of the demonstration as someone, at a width, in a language; it must end without a complaint."""
    contexts = []
    complaints: list[str] = []

    def open_(path: str, *, login: str = "owner", width: int = 360, locale: str = "en", theme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 740 if width < 700 else 800},
            locale="zh-CN" if locale == "zh_Hans" else "en-US",
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=width < 700,
            base_url=demo.url,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto("/sign-in")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", demo.passwords[login])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
