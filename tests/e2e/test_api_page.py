"""The calls on the API's page are made with curl, and answer what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kill.processes import Running, instance, tessera

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
CALL = re.compile(r"(?:<!-- (\w+) -->\n)?```sh\n(.*?)```\n\n```json\n(.*?)```", re.DOTALL)
VARYING = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}": "ID",
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)": "TIME",
    r'(?<="request_id":")[0-9a-f]+': "REQUEST",
    r'(?<="(joined_at)":")\d{4}-\d\d-\d\d': "DAY",
    r'(?<="number":")\w+': "NUMBER",
    r'(?<="code":")[2-9A-Z]{8}(?=")': "CODE",
}
"""What differs from one business to the next."""

pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("curl") or not shutil.which("bash"), reason="needs bash and curl"
)


@pytest.fixture(scope="module")
def shop() -> Iterator[dict[str, str]]:
    with instance() as folder:
        command = re.search(r"```\ntessera (apikey .*?)\n```", PAGE.read_text(), re.DOTALL)
        assert command is not None
        key = tessera(folder, *command[1].split()).stdout.split()[-1]
        served = Running(folder, key)
        try:
            yield {"TESSERA": f"http://127.0.0.1:{served.port}", "KEY": key}
        finally:
            served.stop()


def steady(answer: object) -> str:
    """An answer without what differs each time."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for pattern, name in VARYING.items():
        text = re.sub(pattern, name, text)
    return text


def test_every_call_answers_as_it_stands_there(shop):
    known = dict(shop)
    for name, command, expected in CALL.findall(PAGE.read_text()):
        said = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=30, env={**os.environ, **known}, check=True
        )
        answer = json.loads(said.stdout)
        if name:
            known[name] = answer["id"]
        assert steady(answer) == steady(json.loads(expected)), command
