"""The embedded PostgreSQL of an instance: started by the first process, shared by all, stopped with the last."""

from tessera.kernel.embedded.binaries import binary
from tessera.kernel.embedded.checks import problems
from tessera.kernel.embedded.handles import EmbeddedServer, acquire, is_in_use, restart_if_dead
from tessera.kernel.embedded.tools import run_tool

__all__ = ["EmbeddedServer", "acquire", "binary", "is_in_use", "problems", "restart_if_dead", "run_tool"]
