"""Receipts from elsewhere: columns recognised, rows gathered into receipts, loaded, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tessera.access.service.stores import StoreFacts
from tessera.kernel.business import business
from tessera.kernel.money import minor_digits
from tessera.members.identities import remember_source
from tessera.members.imports import (
    ImportOptions,
    Progress,
    Report,
    register_member_column,
    register_undo,
    run_import,
    silent,
)
from tessera.purchases.imports import entitlements
from tessera.purchases.imports.last_visit import COLUMN
from tessera.purchases.imports.loading import KIND, PurchaseLoader
from tessera.purchases.imports.undoing import undo_purchases
from tessera.purchases.service.checking import store_for

__all__ = ["import_purchases", "register"]


def register() -> None:
    """Make receipts importable, and visits a column of lists of members."""
    register_undo(KIND, undo_purchases)
    entitlements.register()
    register_member_column(COLUMN)


async def import_purchases(
    path: Path,
    *,
    source: str = "",
    store: str = "",
    currency: str = "",
    earn: bool = False,
    mapping: Mapping[str, str] | None = None,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import receipts, one row a line.

    ``source`` names the till or shop that numbered the receipts and customers, the file's name unless
    given; ``store`` is the code of rows that name none, the only store where there is one. ``currency``
    is the business's unless given.
    """
    wanted = options or ImportOptions()
    source = (source or path.stem)[:80]
    currency = (currency or business().currency).upper()
    minor_digits(currency)
    home: StoreFacts | None = store_for(store or None)
    facts = {
        "mapping": dict(mapping or {}),
        "source": source,
        "store": home.code if home else None,
        "currency": currency,
        "earn": earn,
        **wanted.facts,
    }
    loader = PurchaseLoader(source, currency=currency, store=home, earn=earn, mapping=mapping)
    report = await run_import(KIND, path, loader, replace(wanted, facts=facts), progress)
    if "customer" in loader.reader.plan.fields and not wanted.dry_run:
        await remember_source(source)
    return report
