"""Pages of the ledger: what a member has and why, one entry in full, and how long points last."""

from tessera.points.earning import noting
from tessera.points.earning import screens as earning
from tessera.points.screens import entry, lasting, statement

handlers = [*statement.handlers, *entry.handlers, *lasting.handlers, *earning.handlers, *noting.handlers]
"""Every handler of these pages, for the application."""
