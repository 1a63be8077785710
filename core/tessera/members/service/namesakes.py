"""What tells members of one name apart: the few things in which they differ, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.kernel.database import fetch
from tessera.members.service.views import MemberLine
from tessera_hooks import Text, _

_TRAITS = """
SELECT m.id, m.birth_year, m.birth_month, m.birth_day,
    (SELECT max(i.tail) FROM identity i WHERE i.member = m.id AND i.kind = 'card') AS card
FROM member m WHERE m.id = ANY($1)
"""


async def told_apart(found: Sequence[MemberLine]) -> Mapping[UUID, list[Text | str]]:
    """For each member of a list who has a namesake in it, what distinguishes them, best first.

    Born in which year, whose phone ends how, known in which store, the end of the card, member since
    when: whatever differs among the namesakes is said, until no two of them read alike.
    """
    groups: dict[str, list[MemberLine]] = {}
    for one in found:
        groups.setdefault(one.name.casefold(), []).append(one)
    namesakes = [group for name, group in groups.items() if name and len(group) > 1]
    if not namesakes:
        return {}
    ids = [one.id for group in namesakes for one in group]
    traits = {row["id"]: row for row in await fetch(_TRAITS, ids)}
    said: dict[UUID, list[Text | str]] = {}
    for group in namesakes:
        said.update(_apart([_told(one, traits[one.id]) for one in group if one.id in traits]))
    return said


def _told(one: MemberLine, row: Any) -> tuple[UUID, list[Text | str]]:
    """What can be said of a member, in the order in which people at a desk would ask."""
    store = access.store_of(one.store)
    return one.id, [
        _("born in {year}", year=row["birth_year"]) if row["birth_year"] else "",
        _birthday(row),
        one.phone or _("no phone"),
        store.name if store else "",
        _("card …{tail}", tail=row["card"][-3:]) if row["card"] else "",
        _("member since {day}", day=one.joined_on.isoformat()) if one.joined_on else "",
    ]


def _birthday(row: Any) -> Text | str:
    if row["birth_month"] is None:
        return ""
    return _("birthday {day}", day=f"{row['birth_month']:02}-{row['birth_day']:02}")


def _apart(group: Sequence[tuple[UUID, list[Text | str]]]) -> Mapping[UUID, list[Text | str]]:
    """Of the same things said of each, those that differ, as few as make all different."""
    chosen: list[int] = []
    columns = range(len(group[0][1]) if group else 0)
    for column in columns:
        if len({str(told[column]) for _id, told in group}) > 1:
            chosen.append(column)
            distinct = {tuple(str(told[c]) for c in chosen) for _id, told in group}
            if len(distinct) == len(group):
                break
    return {id_: [told[c] for c in chosen if told[c]] for id_, told in group}
