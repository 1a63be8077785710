"""What the ledger counts: points, and the units that plugins declare, families resolved by their full name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tessera.kernel.business import business, setting
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import minor_digits
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE, Declared
from tessera.points import terms
from tessera_hooks import Expiry, Text, Unit, _

POINTS = "points"
"""The unit that every business has."""

DEFAULT_EXPIRY_MONTHS = 24

LONGEST = 60
"""Characters that the name of a unit may have, as its column holds them."""


@dataclass(frozen=True)
class UnitFacts:
    """A unit by its full name, ``wallet.stored_value.CNY``.

    Amounts are whole numbers of the smallest part; people see ``scale`` decimals. ``currency`` is that of money.
    ``plugin`` books it, by itself alone where ``by_hand`` is false; ``floor`` is how far below zero a debit may go.
    """

    name: str
    title: Text
    scale: int
    currency: str | None
    expiry: Expiry
    floor: int
    by_hand: bool
    plugin: str

    @property
    def member_of_family(self) -> str | None:
        """What stands behind the family's name: ``CNY``, ``yoga``."""
        parts = self.name.split(".", 2)
        return parts[2] if len(parts) > 2 else None


@dataclass(frozen=True)
class Term:
    """Until when a credit lasts, and whether it lives on with what its member does."""

    expires_at: datetime | None = None
    idle: bool = False


BY_POLICY = Term()
"""As an expiry: what the unit's own policy says."""


def points_expiry() -> Expiry:
    """How long points last: the setting ``points.expiry``, else full months after the one they are earned in.

    Those are ``points.expiry_months``, 24 where nobody set it; 0 means that points never expire.
    """
    chosen = setting("points.expiry")
    if chosen:
        return msgspec.convert(chosen, Expiry)
    months = int(setting("points.expiry_months", DEFAULT_EXPIRY_MONTHS))
    return Expiry("month_end", months) if months else Expiry()


def find_unit(name: str) -> UnitFacts | None:
    """A unit that is declared, whether or not its plugin is enabled; ``None`` where there is none."""
    if name == POINTS:
        return UnitFacts(POINTS, _("Points"), 0, None, points_expiry(), 0, True, CORE)
    plugin, _dot, rest = name.partition(".")
    family, _dot, member = rest.partition(".")
    for declared in host().declared("units"):
        if declared.plugin == plugin and declared.value.name == family:
            return _resolved(declared, name, member)
    return None


def _resolved(declared: Declared[Unit], name: str, member: str) -> UnitFacts | None:
    unit = declared.value
    if unit.family != bool(member) or len(name) > LONGEST or "\x00" in name:
        return None
    scale, currency = unit.scale, None
    if unit.money:
        try:
            scale, currency = minor_digits(member), member
        except Invalid:
            return None
    return UnitFacts(name, unit.title, scale, currency, unit.expiry, unit.floor, unit.by_hand, plugin=declared.plugin)


def known_unit(name: str) -> UnitFacts:
    """A unit that is declared, or a refusal that names the nearest one."""
    found = find_unit(name)
    if found is None:
        known = known_names()
        near = difflib.get_close_matches(name[:LONGEST], known, n=1, cutoff=0.4)
        if near:
            message = _('there is no unit "{unit}", did you mean "{nearest}"?', unit=name, nearest=near[0])
        else:
            message = _('there is no unit "{unit}": choose {known}', unit=name, known=", ".join(known))
        raise Invalid(message, [FieldError("unit", message)])
    return found


def known_names() -> list[str]:
    """The full names of all units; of a family of money that of the business's currency."""
    names = [POINTS]
    for declared in host().declared("units"):
        name = f"{declared.plugin}.{declared.value.name}"
        if declared.value.money:
            names.append(f"{name}.{business().currency}")
        else:
            names.append(f"{name}.…" if declared.value.family else name)
    return names


def expiry_of(unit: str) -> Expiry:
    """How long what is credited in a unit lasts; for ever where nobody declares the unit any more."""
    found = find_unit(unit)
    return found.expiry if found is not None else Expiry()


def term(unit: str, at: datetime) -> Term:
    """How long a credit of a moment lasts by the unit's policy."""
    expiry = expiry_of(unit)
    return Term(terms.expires(expiry, at, business().timezone), expiry.kind == "inactivity")
