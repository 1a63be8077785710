"""``python -m bench [NAME …]``: run all benchmarks, or those named; ends with 1 where a budget was not kept."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from bench.frame import show


def main() -> None:
    """Run and print."""
    known = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
    names = [n for n in known if hasattr(importlib.import_module(f"bench.{n}"), "run")] if not sys.argv[1:] else None
    kept = True
    for name in names or sys.argv[1:]:
        for done in importlib.import_module(f"bench.{name}").run():
            show(done)
            kept &= done.kept
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
