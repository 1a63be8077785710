"""``tessera import purchases`` and ``tessera import entitlements``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from tessera.cli_support import run_in_instance, say
from tessera.members.commands import asked, bar, finish, import_group, import_options

if TYPE_CHECKING:
    from tessera.members.imports import Report


@import_group.command("purchases")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", default="", help="The till or shop that numbered the receipts; the file's name otherwise.")
@click.option("--store", default="", help="The store of rows that name none; the only one otherwise.")
@click.option("--currency", default="", help="The currency of the prices; the business's otherwise.")
@import_options
def import_purchases_command(file: Path, source: str, store: str, currency: str, **given: Any) -> None:
    """Import receipts: one row a line, rows with the same receipt number are one purchase."""
    options = asked(given)

    async def work(_opened: object) -> Report:
        from tessera.purchases.imports import import_purchases

        with bar(file.name) as progress:
            return await import_purchases(
                file,
                source=source,
                store=store,
                currency=currency,
                earn=options.earn,
                mapping=options.mapping,
                options=options.of_import(),
                progress=progress,
            )

    finish(run_in_instance(work), as_json=options.as_json)


@import_group.command("entitlements")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", default="", help="The kind of rows that name none, such as wallet.pack.")
@click.option("--source", default="", help="The system whose ids the list holds; the file's name otherwise.")
@click.option("--store", default="", help="The store of rows that name none; each member's own otherwise.")
@click.option("--currency", default="", help="The currency of rows that name none; the business's otherwise.")
@import_options
def import_entitlements_command(file: Path, kind: str, source: str, store: str, currency: str, **given: Any) -> None:
    """Import what members were sold elsewhere: stored value, packs, memberships, coupons; a row each."""
    options = asked(given)

    async def work(_opened: object) -> Report:
        from tessera.purchases.imports.entitlements import import_entitlements

        with bar(file.name) as progress:
            return await import_entitlements(
                file,
                kind=kind,
                source=source,
                store=store,
                currency=currency,
                mapping=options.mapping,
                options=options.of_import(),
                progress=progress,
            )

    report = run_in_instance(work)
    if options.earn:
        say("--earn has no effect here: what was bought elsewhere earned there")
    finish(report, as_json=options.as_json)


commands: list[click.Command] = []
