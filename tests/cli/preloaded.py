"""A process that has Tessera loaded already and runs each command in a copy of itself.

Most of a short command's time goes into loading modules. A copy is a process of its own that goes through the
command line from the first argument to the exit code, so each command still succeeds or fails alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.shop import Command, command

PATIENCE = 60
"""Seconds after which a command is ended."""

PRELOADED = """
import importlib, json, os, runpy, signal, sys

from tessera import domains

for name in ("tessera.cli", "tessera.start", "tessera.cli_support", *domains.DOMAINS):
    importlib.import_module(name)
domains.derivations()

for line in sys.stdin:
    order = json.loads(line)
    copy = os.fork()
    if not copy:
        signal.alarm(order["patience"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT), number)
        for name in [n for n in os.environ if n.startswith("TESSERA_")]:
            del os.environ[name]
        os.environ.update(order["environment"])
        sys.argv[1:] = order["arguments"]
        runpy.run_module("tessera", run_name="__main__")
        sys.exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
"""


@contextmanager
def preloaded() -> Iterator[Command]:
    """A stand-in for ``command`` that starts quickly; ``command`` itself where processes cannot be copied."""
    if not hasattr(os, "fork"):
        yield command
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", PRELOADED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        orders, codes = process.stdin, process.stdout

        def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
            out, err = Path(folder, "out"), Path(folder, "err")
            order = {"arguments": [*map(str, arguments)], "environment": environment, "patience": PATIENCE}
            orders.write(json.dumps({**order, "out": str(out), "err": str(err)}) + "\n")
            orders.flush()
            code = int(codes.readline())
            said = [path.read_text() for path in (out, err)]
            for path in (out, err):
                path.unlink()
            return subprocess.CompletedProcess(order["arguments"], code, *said)

        yield run
