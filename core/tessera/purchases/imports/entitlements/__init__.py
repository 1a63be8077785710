"""What members were sold elsewhere and a plugin goes on keeping: packs, memberships, stored value, coupons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tessera.access.actor import actor
from tessera.access.service.stores import store_by_code
from tessera.kernel.business import business
from tessera.kernel.money import minor_digits
from tessera.members.imports import ImportOptions, Progress, Report, register_undo, run_counted, silent
from tessera.purchases.imports.entitlements.kinds import kind_of
from tessera.purchases.imports.entitlements.loading import KIND, EntitlementLoader
from tessera.purchases.imports.entitlements.undoing import undo_entitlements

__all__ = ["import_entitlements", "register"]


def register() -> None:
    """Make imports of entitlements something that can be taken back."""
    register_undo(KIND, undo_entitlements)


async def import_entitlements(
    path: Path,
    *,
    kind: str = "",
    source: str = "",
    store: str = "",
    currency: str = "",
    mapping: Mapping[str, str] | None = None,
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import entitlements of the kinds that plugins declare: one row a card, pack, membership or coupon.

    ``kind`` is that of rows that name none; ``source`` names the system whose ids the list holds, the file's
    name unless given. ``store`` is the code of the store of rows that name none, the member's own otherwise.
    The report carries control totals by kind.
    """
    actor().needs("points.adjust")
    wanted = options or ImportOptions()
    source = source or path.stem
    chosen = kind_of(kind).name if kind else ""
    home = store_by_code(store).id if store else None
    currency = (currency or business().currency).upper()
    minor_digits(currency)
    facts = {
        "mapping": dict(mapping or {}),
        "source": source,
        "kind": chosen,
        "store": store,
        "currency": currency,
        **wanted.facts,
    }
    loader = EntitlementLoader(source, mapping, kind=chosen, store=home, currency=currency)
    return await run_counted(KIND, path, loader, replace(wanted, facts=facts), progress)
