"""Schema changes: found, ordered, and each run in one transaction with its bookkeeping."""

from tessera.kernel.migrations.found import Found, Migration, core_migrations, find_migrations
from tessera.kernel.migrations.run import migrate, pending, refuse_newer

__all__ = ["Found", "Migration", "core_migrations", "find_migrations", "migrate", "pending", "refuse_newer"]
