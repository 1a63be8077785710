"""Checking a plugin in a process of its own: ``python -m tessera.commands.checking PATH`` prints what does not fit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec

from tessera.kernel.errors import CannotRun

PATIENCE = 120
"""Seconds that loading a plugin may take."""


def check(path: Path) -> list[str]:
    """What in the plugin at ``path`` does not fit the contract; its code runs in a process of its own."""
    command = [sys.executable, "-m", "tessera.commands.checking", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise CannotRun(f"{path} was not loaded within {PATIENCE} seconds: it must do nothing when imported") from None
    last = done.stdout.strip().splitlines()[-1:] or [""]
    try:
        return msgspec.json.decode(last[0], type=list[str])
    except msgspec.DecodeError:
        said = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        raise CannotRun(f"{path} cannot be checked: {said[0]}") from None


async def check_here(path: Path) -> list[str]:
    """The same in this process: the plugin beside all that are installed, those it requires among them."""
    from tessera import domains
    from tessera.kernel.plugins.contract import violations
    from tessera.kernel.plugins.discovery import discover, local_plugin, order
    from tessera.kernel.plugins.host import load_host

    try:
        installed = discover()
        candidate = next((c for c in installed if c.folder == path), None) or local_plugin(path)
        others = [c for c in installed if c.name != candidate.name]
        loaded = load_host(order([*others, candidate]), domains.DOMAINS, domains.derivations())
        return await violations(loaded, candidate.name)
    except CannotRun as problem:
        return [str(problem)]


def main() -> None:
    """Print the findings as one line of JSON."""
    from tessera.kernel.logs import set_up_logging

    set_up_logging(level=50)
    findings = asyncio.run(check_here(Path(sys.argv[1])))
    sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")


if __name__ == "__main__":
    main()
