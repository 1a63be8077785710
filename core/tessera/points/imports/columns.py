"""What the columns of a list of balances mean: long (unit and amount in a row) or wide (a column for each unit)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tessera.kernel.business import business
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import host
from tessera.kernel.texts import LOCALES, translate
from tessera.members.imports import whose
from tessera.members.imports.cells import Columns, remarks_on
from tessera.members.imports.mapping import assign
from tessera.points.units import POINTS, UnitFacts, find_unit
from tessera_hooks import _

HEADERS: dict[str, tuple[str, ...]] = {
    **whose.HEADERS,
    "unit": ("单位", "余额类型", "账户", "unit", "balance type", "currency of points"),
    "amount": ("数量", "余额", "数额", "金额", "amount", "balance", "remaining"),
    "expires_at": (
        "有效期", "有效期至", "到期日", "到期时间", "过期日期", "过期时间", "失效日期", "expires", "expires at",
        "expires on", "expiry", "expiry date", "valid until",
    ),
    "at": ("日期", "获得日期", "发放日期", "获得时间", "发放时间", "date", "at", "earned on", "credited on"),
    "reason": ("原因", "事由", "reason"),
    "reference": ("流水号", "凭证号", "批次号", "reference", "ref", "lot", "lot no"),
    "store": ("门店", "店铺", "所属门店", "归属门店", "分店", "store", "branch", "shop"),
}  # fmt: skip
"""The names by which each field is recognised; a unit's column by its name, its title, or title and balance."""

OF_POINTS = ("积分", "積分", "积分余额", "会员积分", "points", "points balance", "loyalty points")


@dataclass(frozen=True)
class Plan(Columns):
    """The columns of a list of balances; ``wide`` are the units with a column of their own, by that column."""

    wide: Mapping[str, UnitFacts] = field(default_factory=dict)


def wide_units() -> dict[str, UnitFacts]:
    """The units that a column of their own can hold: points, and those of plugins, money in the business's currency."""
    names = [POINTS]
    for declared in host().declared("units"):
        unit = declared.value
        full = f"{declared.plugin}.{unit.name}"
        names.append(f"{full}.{business().currency}" if unit.money else full)
    found = {name: find_unit(name) for name in names}
    return {name: unit for name, unit in found.items() if unit is not None}


def names_of(unit: UnitFacts) -> tuple[str, ...]:
    """What a column of a unit, or the unit in a cell, may be called."""
    titles = [translate(unit.title, locale) for locale in LOCALES]
    called = [name for title in titles for name in (title, f"{title}余额", f"{title} balance")]
    return (unit.name, *called, *(OF_POINTS if unit.name == POINTS else ()))


def plan(columns: Sequence[str], given: Mapping[str, str], unit: str) -> Plan:
    """What each column means; refuses a list that does not say who has how much of what.

    ``given`` maps columns to fields or to units by their full names; ``unit`` is that of amounts without one.
    """
    units = wide_units()
    units |= {name: found for name in given.values() if name not in units and (found := find_unit(name)) is not None}
    known = {**{name: names_of(one) for name, one in units.items()}, **HEADERS}
    assigned, ignored = assign(columns, given, known)
    fields = {name: found[0] for name, found in assigned.items()}
    wide = {fields.pop(name): one for name, one in units.items() if name in fields}
    shown = {"columns": ", ".join(columns[:12]), "first": columns[0]}
    if not any(name in fields for name in whose.HEADERS):
        raise Invalid(_("no column says who the members are: give number, phone, email, card or name"))
    if not wide and "amount" not in fields:
        raise Invalid(
            _(
                "no column is recognised as an amount (the columns are {columns}): say which is, "
                "such as --map {first}=amount, or --map {first}=points",
                **shown,
            )
        )
    if "amount" in fields and "unit" not in fields and not unit:
        if wide:
            ignored.append(fields.pop("amount"))
        else:
            raise Invalid(_("no column says of what the amounts are: give --unit, such as --unit points"))
    read_as = [_("{column} is read as {unit}", column=column, unit=one.name) for column, one in wide.items()]
    return Plan(fields, [*read_as, *remarks_on(ignored)], wide)
