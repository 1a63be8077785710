"""Imports: a file of rows becomes facts, chunk by chunk, and can be taken back.

A domain brings a ``Loader`` and hands it to ``run_import``; ``register_undo`` says how its batches are
taken back. ``register_member_column`` lets a domain above members take a column of a list of members.
"""

from tessera.members.imports.contract import (
    CHUNK,
    Action,
    ImportOptions,
    Loader,
    Outcome,
    Progress,
    Report,
    Step,
    Undone,
    silent,
)
from tessera.members.imports.extensions import (
    MemberColumn,
    MemberValue,
    register_member_column,
    register_member_columns,
)
from tessera.members.imports.running import run_counted, run_import
from tessera.members.imports.undoing import (
    ImportInUse,
    ImportUndone,
    refuse_if,
    register_undo,
    register_undo_guard,
    undo,
)

__all__ = [
    "CHUNK",
    "Action",
    "ImportInUse",
    "ImportOptions",
    "ImportUndone",
    "Loader",
    "MemberColumn",
    "MemberValue",
    "Outcome",
    "Progress",
    "Report",
    "Step",
    "Undone",
    "refuse_if",
    "register_member_column",
    "register_member_columns",
    "register_undo",
    "register_undo_guard",
    "run_counted",
    "run_import",
    "silent",
    "undo",
]
