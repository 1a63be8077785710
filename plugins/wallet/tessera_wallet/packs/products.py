"""Packs as they are sold, and the kinds of sessions that they hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from tessera.plugin import (
    NotFound,
    execute,
    fetch,
    fetchrow,
    fetchval,
    in_transaction,
    minor_digits,
    note_audit,
    now,
    settings,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet.desk import LARGEST, holds_in, wrong
from tessera_wallet.settings import WalletSettings

CODE = re.compile(r"[a-z][a-z0-9_]{0,29}\Z")
LIMITED = "CNY"
"""The currency in which the limits of the law are written."""

DAYS_OF_A_MONTH = 31
LONGEST = {"days": 3660, "months": 120}

Validity = Literal["never", "days", "months"]
Start = Literal["purchase", "first_use"]


class ProductUnknown(NotFound):
    """There is no such pack to sell."""

    code = "pack_product_unknown"


class KindFacts(msgspec.Struct, frozen=True):
    """A kind of sessions."""

    id: UUID
    code: str
    title: str


class ProductFacts(msgspec.Struct, frozen=True):
    """A row of ``pack_product`` with its kind by code; ``price`` in minor units, ``stores`` by id."""

    id: UUID
    title: str
    kind: str
    kind_title: str
    bought: int
    gifted: int
    price: int
    currency: str
    validity: Validity
    validity_n: int
    validity_from: Start
    stores: list[str] | None
    shareable: bool
    lessons: bool
    active: bool


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """A pack as it is written down; ``kind`` by code, made where there is none yet under ``kind_title``."""

    title: str
    kind: str
    kind_title: str = ""
    bought: int
    gifted: int = 0
    price: int
    currency: str
    validity: Validity = "never"
    validity_n: int = 0
    validity_from: Start = "purchase"
    stores: Sequence[str] | None = None
    shareable: bool = False
    lessons: bool = False
    active: bool = True


_WRITTEN = (
    "title",
    "kind",
    "bought",
    "gifted",
    "price",
    "currency",
    "validity",
    "validity_n",
    "validity_from",
    "stores",
    "shareable",
    "lessons",
    "active",
)

_KEEP = f"""
INSERT INTO wallet.pack_product (id, {", ".join(_WRITTEN)}, created_at)
VALUES ($1, {", ".join(f"${n + 2}" for n in range(len(_WRITTEN)))}, $15)
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _WRITTEN)}
"""

_KIND = """
INSERT INTO wallet.session_kind (id, code, title) VALUES ($1, $2, $3)
ON CONFLICT (code) DO UPDATE SET title = CASE WHEN $4 THEN excluded.title ELSE session_kind.title END RETURNING id
"""


async def keep_kind(code: str, title: str = "") -> UUID:
    """The kind of that code, made where there is none; a title that is given replaces the old one."""
    if not CODE.match(code):
        raise wrong("kind", _("a short code of small letters, digits and _, such as yoga"))
    if len(title) > 60:
        raise wrong("kind_title", _("at most {limit} characters", limit=60))
    id_: UUID = await fetchval(_KIND, uuid7(), code, title.strip() or code, bool(title.strip()))
    return id_


async def kinds() -> list[KindFacts]:
    """Every kind of sessions, by title."""
    rows = await fetch("SELECT id, code, title FROM wallet.session_kind ORDER BY title, code")
    return [KindFacts(**dict(row)) for row in rows]


async def keep_product(new: NewProduct, product: UUID | None = None) -> UUID:
    """Write a pack down, or change one; what was sold before stays as it was agreed."""
    check(new)
    if product is not None:
        await one_product(product)
    id_ = product or uuid7()

    async def work() -> UUID:
        values = {name: getattr(new, name) for name in _WRITTEN}
        values["kind"] = await keep_kind(new.kind, new.kind_title)
        values["stores"] = list(new.stores) if new.stores else None
        values["title"] = new.title.strip()
        await execute(_KEEP, id_, *values.values(), now())
        await note_audit("wallet.pack_product_kept", subject=("pack_product", id_), price=new.price)
        return id_

    return await in_transaction(work)


def check(new: NewProduct) -> None:
    """Refuse what makes no sense, and lessons of pupils beyond what the law allows."""
    minor_digits(new.currency)
    if not new.title.strip() or len(new.title) > 100:
        raise wrong("title", _("give it a title of at most 100 characters"))
    if not 1 <= new.bought <= 10_000:
        raise wrong("bought", _("between 1 and 10 000 sessions"))
    if not 0 <= new.gifted <= 10_000:
        raise wrong("gifted", _("between 0 and 10 000 sessions"))
    if not 0 <= new.price <= LARGEST:
        raise wrong("price", _("give an amount of zero or more"))
    if new.validity != "never" and not 1 <= new.validity_n <= LONGEST[new.validity]:
        raise wrong("validity_n", _("between 1 and {most}", most=LONGEST[new.validity]))
    if new.lessons and new.currency == LIMITED:
        check_lessons(new)


def check_lessons(new: NewProduct) -> None:
    """Pupils' lessons: so many at most, or valid so long at most, and never above a price (see the settings)."""
    limits: WalletSettings = settings("wallet")
    if limits.lesson_price and new.price > limits.lesson_price * 10 ** minor_digits(new.currency):
        raise wrong("price", _("a pupil's pack may cost at most {limit} yuan", limit=limits.lesson_price))
    too_many = limits.lesson_units and new.bought + new.gifted > limits.lesson_units
    if too_many and not (limits.lesson_months and 0 < _months(new) <= limits.lesson_months):
        raise wrong(
            "bought",
            _(
                "a pupil's pack holds at most {units} lessons, unless it is valid for at most {months} months",
                units=limits.lesson_units,
                months=limits.lesson_months,
            ),
        )


def _months(new: NewProduct) -> float:
    """How long a pack is valid, in months; 0 for ever. What begins with the first use has no end that is known."""
    if new.validity == "never" or new.validity_from == "first_use":
        return 0
    return new.validity_n if new.validity == "months" else new.validity_n / DAYS_OF_A_MONTH


_SELECT = f"""
SELECT p.id, {", ".join(f"p.{name}" for name in _WRITTEN if name != "kind")}, k.code AS kind, k.title AS kind_title
FROM wallet.pack_product p JOIN wallet.session_kind k ON k.id = p.kind
"""


async def all_products() -> list[ProductFacts]:
    """Every pack that is or was sold, those that are on first."""
    rows = await fetch(f"{_SELECT} ORDER BY p.active DESC, p.title, p.id")
    return [ProductFacts(**dict(row)) for row in rows]


async def products_in(store: UUID, currency: str) -> list[ProductFacts]:
    """What can be sold in a store today."""
    return [
        product
        for product in await all_products()
        if product.active and product.currency == currency and holds_in(product.stores, store)
    ]


async def one_product(product: UUID) -> ProductFacts:
    """One pack as it is sold."""
    row = await fetchrow(f"{_SELECT} WHERE p.id = $1", product)
    if row is None:
        raise ProductUnknown(_("There is no such pack to sell."))
    return ProductFacts(**dict(row))
