"""What Piccolo asks for: the engine."""

from tessera.kernel.database import DB

__all__ = ["DB"]
