"""Products that memberships are sold of: made and changed by the business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.plugin import fetch, fetchrow, in_transaction, note_audit, stores
from tessera_hooks import Text, _
from tessera_wallet import coded
from tessera_wallet.desk import LARGEST
from tessera_wallet.memberships.contract import PRODUCT_COLUMNS, Product, ProductTaken, ProductUnknown
from tessera_wallet.memberships.terms import LONGEST

TABLE = "membership_product"

SELECT = "SELECT " + ", ".join(f"p.{column}" for column in PRODUCT_COLUMNS) + " FROM wallet.membership_product p"


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """What the business says of a product; see ``Product``."""

    title: str
    term_unit: Literal["days", "months", "years"] = "months"
    term_n: int = 1
    begins: Literal["sale", "visit"] = "sale"
    price: int = 0
    stores: Sequence[UUID] = ()
    weekdays: Sequence[int] = ()
    from_minute: int = 0
    until_minute: int = 1440
    renewals: int | None = None
    hold_days: int = 0
    active: bool = True


FIELDS = NewProduct.__struct_fields__


def product_of(row: Any, prefix: str = "") -> Product:
    """A product from a row that has its columns."""
    return Product(**{column: row[prefix + column] for column in PRODUCT_COLUMNS})


async def products(*, active_only: bool = False) -> list[Product]:
    """All products, those that are sold first, then by title."""
    rows = await fetch(f"{SELECT} WHERE p.active OR NOT $1 ORDER BY NOT p.active, p.title, p.code", active_only)
    return [product_of(row) for row in rows]


async def product_named(code: str) -> Product:
    """The product of a code; a refusal that names the others where there is none."""
    row = await fetchrow(f"{SELECT} WHERE p.code = $1", code)
    if row is None:
        known = await coded.codes_in(TABLE)
        raise ProductUnknown(_('there is no membership "{code}": there are {known}', code=code, known=known))
    return product_of(row)


async def make_product(code: str, new: NewProduct) -> Product:
    """Make a product, in the business's currency."""
    how = _("write a short code of small letters, digits and dashes, such as gym-12m")
    code, values = coded.checked_code(code, how), _checked(new)

    async def work() -> None:
        written = await coded.add(TABLE, code, values)
        if written is None:
            message = _('there is a membership "{code}" already: choose another code', code=code)
            raise ProductTaken(message, field="code")
        await note_audit("wallet.product_made", subject=(TABLE, written), product=code)

    await in_transaction(work)
    return await product_named(code)


async def change_product(code: str, new: NewProduct) -> Product:
    """Change a product: what was sold keeps its days and its price; hours, stores and holds are as it says now."""
    values = _checked(new)

    async def work() -> None:
        product = await product_named(code)
        await coded.change(TABLE, product.id, values)
        changed = [name for name in FIELDS if values[name] != getattr(product, name)]
        await note_audit("wallet.product_changed", subject=(TABLE, product.id), fields=changed)

    await in_transaction(work)
    return await product_named(code)


def _checked(new: NewProduct) -> dict[str, Any]:
    values = {name: getattr(new, name) for name in FIELDS}
    values["title"] = " ".join(new.title.split())
    values["stores"] = list(dict.fromkeys(new.stores))
    values["weekdays"] = sorted(set(new.weekdays))
    coded.refuse_faults(_faults(values))
    return values


def _faults(values: dict[str, Any]) -> list[tuple[str, Text]]:
    known = {store.id for store in stores()}
    most = LONGEST[values["term_unit"]]
    hours = 0 <= values["from_minute"] < values["until_minute"] <= 1440
    renewals = values["renewals"]
    found = [
        (not 0 < len(values["title"]) <= 100, "title", _("give a name of at most 100 characters")),
        (not 0 < values["term_n"] <= most, "term_n", _("give 1 to {most}", most=most)),
        (not 0 <= values["price"] <= LARGEST, "price", _("give an amount that is not below zero")),
        (not set(values["stores"]) <= known, "stores", _("choose among your stores")),
        (not set(values["weekdays"]) <= set(range(1, 8)), "weekdays", _("choose days of the week")),
        (not hours, "until_minute", _("the hours end before they begin")),
        (renewals is not None and not 0 <= renewals <= 1000, "renewals", _("give 0 to 1000, or nothing for no limit")),
        (not 0 <= values["hold_days"] <= 366, "hold_days", _("give 0 to 366 days a year")),
    ]
    return [(name, message) for is_wrong, name, message in found if is_wrong]
