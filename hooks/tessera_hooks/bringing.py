"""What a plugin takes from lists of what members were entitled to in another system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text

CellType = Literal["text", "count", "money", "number", "day"]


@dataclass(frozen=True)
class EntitlementField:
    """A column of a kind of entitlement, by its name; ``headers`` are further names by which it is recognised.

    ``money`` becomes minor units of the row's currency, ``count`` a whole number, ``number`` a ``Decimal``,
    ``day`` a date, ``text`` stays. ``needed`` refuses rows without it. ``total`` sums it up in the control totals.
    """

    name: str
    title: Text
    type: CellType = "text"
    headers: Sequence[str] = ()
    needed: bool = False
    total: bool = False


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """One row: who is entitled, since when, in which store and currency, and the values of the kind's own fields.

    ``values`` holds the fields that were filled in, by name. ``at`` is when it was sold or given, now where the
    list does not say; ``reference`` its number in the other system (a card's, a contract's), empty where there is none.
    """

    member: UUID
    store: UUID | None
    at: datetime
    currency: str
    reference: str = ""
    batch: UUID
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EntitlementKind:
    """Something that members were sold elsewhere and that the plugin goes on keeping, by its name without the plugin.

    ``names`` are further words for it in the column ``kind``. ``bring`` is awaited for each row that is new, in the
    import's transaction: it writes the plugin's row, credits the ledger, answers the row's id, and refuses with a
    domain error, which rejects the row. ``take_back`` is awaited when the import is undone, with the ids that
    ``bring`` answered: the ledger has been reversed already; it refuses where one of them was used since.
    """

    name: str
    title: Text
    fields: Sequence[EntitlementField]
    bring: Callable[[Entitlement], Awaitable[UUID]]
    take_back: Callable[[Sequence[UUID]], Awaitable[None]]
    names: Sequence[str] = ()


@hookspec
def entitlement_kinds() -> list[EntitlementKind]:  # type: ignore[empty-body]
    """Declare what the plugin brings from lists of another system: packs, memberships, stored value.

    Called once at start; ``tessera import entitlements`` takes rows of a kind where the plugin is enabled.

    Example::

        @hookimpl
        def entitlement_kinds():
            fields = [EntitlementField("visits", _("Visits"), "count", needed=True, total=True)]
            return [EntitlementKind("pack", _("Pack"), fields, packs.bring, packs.take_back, names=("次卡",))]
    """
