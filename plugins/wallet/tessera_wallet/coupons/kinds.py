"""Kinds of coupons: made and changed by the business, read wherever one is issued or used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from tessera.plugin import fetch, fetchrow, in_transaction, note_audit, stores
from tessera_hooks import Text, _
from tessera_wallet import coded
from tessera_wallet.coupons.contract import COLUMNS, Gives, Kind, KindTaken, KindUnknown
from tessera_wallet.desk import LARGEST, wrong

TABLE = "coupon_kind"

SELECT = "SELECT " + ", ".join(f"k.{column}" for column in COLUMNS) + " FROM wallet.coupon_kind k"


class NewKind(msgspec.Struct, frozen=True, kw_only=True):
    """What the business says of a kind; see ``Kind``."""

    title: str
    gives: Gives = "amount"
    amount: int = 0
    percent: int = 0
    cap: int | None = None
    gift: str = ""
    minimum: int = 0
    valid_days: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    stacks: bool = False
    stores: Sequence[UUID] = ()
    skus: Sequence[str] = ()
    categories: Sequence[str] = ()
    total_limit: int | None = None
    member_limit: int | None = None
    issue_from: date | None = None
    issue_until: date | None = None
    enabled: bool = True


FIELDS = NewKind.__struct_fields__


def kind_of(row: Any, prefix: str = "") -> Kind:
    """A kind from a row that has its columns."""
    return Kind(**{column: row[prefix + column] for column in COLUMNS})


async def kinds(*, enabled_only: bool = False) -> list[Kind]:
    """All kinds, those that are given first, then by title."""
    rows = await fetch(f"{SELECT} WHERE k.enabled OR NOT $1 ORDER BY NOT k.enabled, k.title, k.code", enabled_only)
    return [kind_of(row) for row in rows]


async def kind_named(code: str) -> Kind:
    """The kind of a code; a refusal that names the others where there is none."""
    row = await fetchrow(f"{SELECT} WHERE k.code = $1", code)
    if row is None:
        raise await _unknown(code)
    return kind_of(row)


async def locked_kind(code: str) -> Kind:
    """The kind of a code, held still until the unit of work ends: what is counted of it is exact."""
    row = await fetchrow(f"{SELECT} WHERE k.code = $1 FOR UPDATE", code)
    if row is None:
        raise await _unknown(code)
    return kind_of(row)


async def _unknown(code: str) -> KindUnknown:
    known = await coded.codes_in(TABLE)
    return KindUnknown(_('there is no coupon "{code}": there are {known}', code=code, known=known))


async def make_kind(code: str, new: NewKind) -> Kind:
    """Make a kind, in the business's currency."""
    how = _("write a short code of small letters, digits and dashes, such as welcome-10")
    code, values = coded.checked_code(code, how), _checked(new)

    async def work() -> None:
        written = await coded.add(TABLE, code, values)
        if written is None:
            raise KindTaken(_('there is a coupon "{code}" already: choose another code', code=code), field="code")
        await note_audit("wallet.coupon_kind_made", subject=(TABLE, written), kind=code)

    await in_transaction(work)
    return await kind_named(code)


async def change_kind(code: str, new: NewKind) -> Kind:
    """Change a kind: coupons that were issued hold under what it says from now on, until the day they were given.

    The total limit cannot be set below what was issued.
    """
    values = _checked(new)

    async def work() -> None:
        kind = await locked_kind(code)
        if new.total_limit is not None and new.total_limit < kind.issued:
            raise wrong("total_limit", _("{n} were issued already", n=kind.issued))
        await coded.change(TABLE, kind.id, values)
        changed = [name for name in FIELDS if values[name] != getattr(kind, name)]
        await note_audit("wallet.coupon_kind_changed", subject=(TABLE, kind.id), fields=changed, kind=code)

    await in_transaction(work)
    return await kind_named(code)


def _checked(new: NewKind) -> dict[str, Any]:
    """The values of a kind as they are kept; what it does not give is empty."""
    values = {name: getattr(new, name) for name in FIELDS}
    values["title"] = " ".join(new.title.split())
    values["gift"] = " ".join(new.gift.split()) if new.gives == "gift" else ""
    values["amount"] = new.amount if new.gives == "amount" else 0
    values["percent"] = new.percent if new.gives == "percent" else 0
    values["cap"] = new.cap if new.gives == "percent" else None
    for name in ("stores", "skus", "categories"):
        values[name] = list(dict.fromkeys(values[name]))
    coded.refuse_faults(_faults(values))
    return values


def _faults(values: dict[str, Any]) -> list[tuple[str, Text]]:
    known = {store.id for store in stores()}
    money = _("give an amount above zero")
    found = [
        (not 0 < len(values["title"]) <= 100, "title", _("give a name of at most 100 characters")),
        (values["gives"] == "amount" and not 0 < values["amount"] <= LARGEST, "amount", money),
        (values["gives"] == "percent" and not 0 < values["percent"] <= 100, "percent", _("give 1 to 100 percent")),
        (values["cap"] is not None and not 0 < values["cap"] <= LARGEST, "cap", money),
        (values["gives"] == "gift" and not 0 < len(values["gift"]) <= 100, "gift", _("say what the gift is")),
        (not 0 <= values["minimum"] <= LARGEST, "minimum", money),
        (_out(values["valid_days"], 3650), "valid_days", _("give 1 to 3650 days")),
        (_out(values["total_limit"], 10**9), "total_limit", _("give a number above zero")),
        (_out(values["member_limit"], 10**6), "member_limit", _("give a number above zero")),
        (_before(values, "valid"), "valid_until", _("the last day is before the first")),
        (_before(values, "issue"), "issue_until", _("the last day is before the first")),
        (not set(values["stores"]) <= known, "stores", _("choose among your stores")),
        (any(not 0 < len(word) <= 100 for word in values["skus"]), "skus", _("write one a line")),
        (any(not 0 < len(word) <= 100 for word in values["categories"]), "categories", _("write one a line")),
    ]
    return [(name, message) for is_wrong, name, message in found if is_wrong]


def _out(value: int | None, most: int) -> bool:
    return value is not None and not 0 < value <= most


def _before(values: dict[str, Any], which: str) -> bool:
    first, last = values[f"{which}_from"], values[f"{which}_until"]
    return first is not None and last is not None and last < first
