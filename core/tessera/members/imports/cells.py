"""What all lists of what members have share: cells found by their field, stores named by code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tessera.access.service.stores import StoreFacts, store_by_code
from tessera.kernel.errors import NotFound
from tessera.members.normalise import Unusable
from tessera_hooks import Text, _


@dataclass(frozen=True)
class Columns:
    """The column of each field that has one, and what is said of the others."""

    fields: Mapping[str, str]
    remarks: Sequence[Text] = field(default=())

    def cell(self, values: Mapping[str, str | None], name: str) -> str:
        """The cell of a field without the space around it, empty where there is none."""
        column = self.fields.get(name)
        return (values.get(column) or "").strip() if column else ""


def remarks_on(ignored: Sequence[str]) -> list[Text]:
    """What is said of the columns that no field takes."""
    if not ignored:
        return []
    return [_("ignored: {columns} (name a field with --map to import them)", columns=", ".join(ignored))]


def store_named(code: str) -> StoreFacts:
    """The store of a code on a row; raises ``Unusable`` where there is none."""
    try:
        return store_by_code(code)
    except NotFound:
        raise Unusable(_("there is no store of this code")) from None
