"""How a list will be read, before anything is done with it: columns with masked samples, first rows with problems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tessera.access import sealing
from tessera.kernel.business import business
from tessera.kernel.errors import CannotRun, DomainError
from tessera.kernel.tabular import Row
from tessera.members import identities
from tessera.members.imports.mapping import IGNORE
from tessera.members.imports.people.columns import TITLES, plan, titles
from tessera.members.imports.people.draft import LIST, Draft, Parser
from tessera.members.imports.uploads import Head
from tessera.members.labels import GENDERS
from tessera_hooks import Text, _

OPEN = frozenset(
    {"name", "given_name", "family_name", "gender", "joined_on", "source", "store", "language", "timezone", "number",
     "consent_sms", "consent_email", "tags"}
)  # fmt: skip
"""Fields whose samples are shown as they are; of all others only the beginning."""

_PERSONAL = re.compile(r"@|\d.*\d.*\d.*\d.*\d")


@dataclass(frozen=True)
class ColumnShown:
    """A column of a list: what it is said to mean, and a few of its cells, masked."""

    place: int
    name: str
    field: str
    samples: Sequence[str]


@dataclass(frozen=True)
class RowShown:
    """A row as it would be read: its values by their titles, or the problem for which it would be rejected."""

    line: int
    title: str
    values: Sequence[tuple[Text, str]]
    problem: Text | None


def choices() -> list[tuple[str, Text]]:
    """Every field that a column may be, with what it is called; ``ignore`` first."""
    return [(IGNORE, _("– leave out –")), *titles().items()]


def columns_shown(head: Head, mapping: Mapping[str, str]) -> list[ColumnShown]:
    """The columns with their samples."""
    shown = []
    for place, name in enumerate(head.columns):
        field = mapping.get(name, IGNORE)
        samples = [masked_sample(field, text) for text in head.samples(name)]
        shown.append(ColumnShown(place, name, field, samples))
    return shown


def masked_sample(field: str, text: str) -> str:
    """A cell as anyone may see it: enough to tell what the column is, too little to reach someone."""
    text = text[:40]
    if field in OPEN or (field == IGNORE and not _PERSONAL.search(text)):
        return text
    if field == "birthday":
        return text[:4] + sealing.MASK * max(len(text) - 4, 0)
    if "@" in text:
        return sealing.mask_email(text)
    return sealing.mask(text, head=2, tail=1) if len(text) > 5 else sealing.MASK * len(text)


def rows_shown(head: Head, mapping: Mapping[str, str], source: str) -> tuple[list[RowShown], Text | None]:
    """The first rows as an import would read them; instead the reason why the list cannot be imported so."""
    try:
        parser = Parser(plan(head.columns, mapping), source, business().today())
    except DomainError as refusal:
        return [], refusal.text
    except CannotRun as refusal:
        return [], Text(str(refusal))
    return [_row(parser, row) for row in head.as_rows()], None


def _row(parser: Parser, row: Row) -> RowShown:
    if row.error is not None:
        return RowShown(row.line, "", (), row.error)
    draft = parser.draft(row)
    if not isinstance(draft, Draft):
        return RowShown(row.line, "", (), draft.reason)
    return RowShown(row.line, draft.name, _values(draft), None)


def _values(draft: Draft) -> list[tuple[Text, str]]:
    values: list[tuple[Text, str]] = [
        (identities.LABELS[found.known.kind], identities.masked(found.known.kind, found.known.value))
        for found in draft.identities
        if found.known.kind != LIST
    ]
    values += [(TITLES[name], _said(name, value)) for name, value in draft.profile.items()]
    if draft.address:
        values.append((TITLES["address"], sealing.mask(draft.address, head=3, tail=0)))
    return values


def _said(name: str, value: Any) -> str:
    return GENDERS[value] if name == "gender" and value in GENDERS else str(value)
