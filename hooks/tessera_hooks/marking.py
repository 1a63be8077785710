"""The markers of hooks, and the three ways in which a hook is called."""

from __future__ import annotations

from typing import Literal

import pluggy

PROJECT = "tessera"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Kind = Literal["declaring", "answering", "participating"]
