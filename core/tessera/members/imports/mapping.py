"""Which column of a file is which field: told by their names, or by the importer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

from tessera.kernel.errors import CannotRun
from tessera.members.normalise import plain

IGNORE = "ignore"

_SPACES = re.compile(r"[\s_\-./:：()（）*]+")


def plain_header(header: str) -> str:
    """A column's name for comparing: one width and case, words parted by one space, no unit or star."""
    return _SPACES.sub(" ", plain(header).casefold()).strip()


def assign(
    columns: Sequence[str],
    given: Mapping[str, str],
    known: Mapping[str, Sequence[str]],
    several: Collection[str] = (),
) -> tuple[dict[str, list[str]], list[str]]:
    """The columns of each field in the order of the file, and the columns that are ignored.

    ``known`` holds the names by which fields are recognised, as ``plain_header`` writes them. ``given``
    maps columns to fields as the importer wrote them and goes before what is guessed; ``ignore`` leaves
    a column out; where two fields are recognised by one name, it is the first. Raises ``CannotRun`` for a
    column or field that does not exist.
    """
    asked = _asked(columns, given, known)
    guessed = {plain_header(name): field for field, names in reversed([*known.items()]) for name in names}
    fields: dict[str, list[str]] = {}
    ignored: list[str] = []
    for column in columns:
        wanted = asked.get(column) or guessed.get(plain_header(column))
        if wanted is None or wanted == IGNORE or (wanted in fields and wanted not in several):
            ignored.append(column)
        else:
            fields.setdefault(wanted, []).append(column)
    return fields, ignored


def _asked(columns: Sequence[str], given: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    known = [*fields, IGNORE]
    by_plain = {plain_header(column): column for column in columns}
    asked: dict[str, str] = {}
    for column, wanted in given.items():
        there = column if column in columns else by_plain.get(plain_header(column))
        if there is None:
            raise CannotRun(f'there is no column "{column}" to map: the columns are {", ".join(columns)}')
        if wanted not in known:
            near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
            hint = f'did you mean "{near[0]}"?' if near else f"the fields are {', '.join(known)}"
            raise CannotRun(f'"{column}" cannot be mapped to "{wanted}", which is no field: {hint}')
        asked[there] = wanted
    return asked
