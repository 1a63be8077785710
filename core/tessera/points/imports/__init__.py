"""Opening balances from elsewhere: columns recognised, rows read, booked once, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tessera.access.actor import actor
from tessera.access.service.stores import store_by_code
from tessera.members.imports import ImportOptions, Progress, Report, register_undo, run_counted, silent
from tessera.points.imports.loading import KIND, BalanceLoader
from tessera.points.imports.undoing import undo_balances
from tessera.points.units import known_unit

__all__ = ["import_balances", "register"]


def register() -> None:
    """Make imports of balances something that can be taken back."""
    register_undo(KIND, undo_balances)


async def import_balances(
    path: Path,
    *,
    unit: str = "",
    source: str = "",
    store: str = "",
    mapping: Mapping[str, str] | None = None,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import opening balances: one row an amount with its unit, or one row a member with a column for each unit.

    ``unit`` is that of amounts whose row names none; ``source`` names the system whose ids the list holds, the
    file's name unless given. ``store`` is the code of the store of rows that name none, the member's own
    otherwise. The report carries control totals by unit.
    """
    actor().needs("points.adjust")
    wanted = options or ImportOptions()
    source = source or path.stem
    chosen = known_unit(unit).name if unit else ""
    home = store_by_code(store).id if store else None
    facts = {"mapping": dict(mapping or {}), "source": source, "unit": chosen, "store": store, **wanted.facts}
    loader = BalanceLoader(source, mapping, unit=chosen, store=home)
    return await run_counted(KIND, path, loader, replace(wanted, facts=facts), progress)
