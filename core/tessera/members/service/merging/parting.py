"""Undoing a merge: everyone gets back what was theirs, and what happened since stays with the survivor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict
from tessera.kernel.events import emit
from tessera.kernel.migrations.run import removed_plugins
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera.kernel.texts import translate
from tessera.members.labels import FIELDS
from tessera.members.service.merging import fields, moving
from tessera.members.service.merging.custom import give_back_custom
from tessera.members.service.merging.fields import COLUMNS, Overwritten
from tessera.members.service.merging.history import COVERING, MergeUnknown
from tessera.members.service.merging.joining import MEMBERS, PERMISSION, lock
from tessera.members.service.merging.moving import Pair
from tessera.members.service.scope import MemberUnknown, need_visible
from tessera.members.service.tokens import refresh_tokens
from tessera_hooks import Merging, Text, _


class MergeUndone(Conflict):
    """The merge was undone already."""

    code = "merge_undone"


class MergeCovered(Conflict):
    """The survivor took part in another merge since; ``merge`` is the one to undo first."""

    code = "merge_covered"


@dataclass(frozen=True)
class Undone:
    """A merge that was undone; ``stayed`` says what is with the survivor though it came later or is gone."""

    merge: UUID
    survivor: UUID
    other: UUID
    stayed: Sequence[Text]


GONE: Mapping[str, Text] = {
    "identity": _("cards, phones or addresses of the other that are gone or moved on since: {n}"),
    "contact": _("contacts of the other that are gone since: {n}"),
    "member_note": _("notes of the other that are gone since: {n}"),
    "attachment": _("files of the other that are gone since: {n}"),
    "member_tag": _("tags of the other that were taken off since: {n}"),
    "member_link": _("links of the other that are gone since: {n}"),
    "member_staff": _("responsibilities for the other that changed since: {n}"),
}


NEW: Mapping[str, Text] = {
    "identity": _("cards, phones or addresses added since: {n}"),
    "member_note": _("notes written since: {n}"),
    "attachment": _("files added since: {n}"),
    "member_tag": _("tags given since: {n}"),
}


async def undo(merge: UUID, *, force: bool = False) -> Undone:
    """Undo a merge: accounts, identities, records, tags and all else go back to whom they were of.

    Refused with ``merge_in_use`` where the survivor has spent what was the other's; ``force`` books the
    equivalent. Fields come back unless they were changed since. What is gone is not made anew.
    """

    async def work() -> Undone:
        row = await _need(merge)
        pair = Pair(merge, row["survivor"], row["other"])
        rows = await lock(pair.survivor, pair.other)
        row = await fetchrow("SELECT * FROM member_merge WHERE id = $1 FOR UPDATE", merge)
        if row["undone_at"] is not None:
            raise MergeUndone(_("This merge was undone already."))
        await _refuse_covered(merge)
        if rows[pair.survivor]["erased_at"] is not None:
            raise _unknown()
        return await _part(pair, rows, row, force=force)

    return await in_transaction(work)


async def _need(merge: UUID) -> Any:
    """The row of a merge whose survivor the actor may merge."""
    row = await fetchrow("SELECT * FROM member_merge WHERE id = $1", merge)
    if row is None:
        raise _unknown()
    try:
        await need_visible(row["survivor"], PERMISSION)
    except MemberUnknown:
        raise _unknown() from None
    return row


def _unknown() -> MergeUnknown:
    return MergeUnknown(_("There is no such merge."))


async def _refuse_covered(merge: UUID) -> None:
    """Merges are undone in the opposite order: what the survivor has since may be of any whom they became one with."""
    outer = await fetchval(f"SELECT ({COVERING}) FROM member_merge g WHERE g.id = $1", merge)
    if outer is not None:
        raise MergeCovered(_("The member was merged with another since: undo that merge first."), merge=str(outer))


async def _part(pair: Pair, rows: Mapping[UUID, Any], row: Any, *, force: bool) -> Undone:
    kept = row["kept"]
    await execute(
        "UPDATE member SET merged_into = NULL, updated_at = $2, version = version + 1 WHERE id = $1",
        pair.other,
        clock.now(),
    )
    back, stay = await _give_back_fields(pair, rows[pair.survivor], Overwritten.unsealed(row["before"]))
    gone = await moving.give_back(pair, kept[MEMBERS])
    stayed = [_("{field} was changed since", field=_named(name)) for name in stay]
    stayed += [Text(GONE[table].source, n=count) for table, count in gone.items() if table in GONE]
    stayed += [Text(NEW[table].source, n=count) for table, count in await moving.count_since(pair, row["at"])]
    stayed += await _ask_rooms(pair, row, force=force)
    await execute(
        "UPDATE member_merge SET undone_at = $2, undone_by = $3 WHERE id = $1",
        pair.merge,
        clock.now(),
        str(actor().label)[:200],
    )
    await refresh_tokens([pair.survivor, pair.other])
    await _tell(pair, rows, back, forced=force)
    return Undone(pair.merge, pair.survivor, pair.other, stayed)


async def _ask_rooms(pair: Pair, row: Any, *, force: bool) -> list[Text]:
    """Let every room and plugin give back what it moved; answers what stays, also with those that are not here."""
    kept, removed = row["kept"], await removed_plugins()

    def facts_for(owner: str) -> Mapping[str, Any]:
        return {"merging": Merging(pair.merge, pair.survivor, pair.other, row["choices"], kept.get(owner) or {}, force)}

    answers = await host().participate_all("undo_merge", facts_for, without=removed)
    stayed = [Text(said) if not isinstance(said, Text) else said for _owner, words in answers for said in words]
    absent = [name for name in kept if not name.startswith(f"{CORE}.") and name not in host().plugins]
    return stayed + [_('what plugin "{plugin}" moved: it is not installed', plugin=name) for name in absent]


async def _give_back_fields(pair: Pair, survivor: Any, overwritten: Overwritten) -> tuple[list[str], list[str]]:
    """Put fields back that nobody changed since; answers the names of those, and of those that stay."""
    back: list[str] = []
    stay: list[str] = []
    for name, columns in COLUMNS.items():
        if columns[0] not in overwritten.now:
            continue
        same = all(fields.plain(column, survivor[column]) == overwritten.now[column] for column in columns)
        (back if same else stay).append(name)
    restored = [column for name in back for column in COLUMNS[name]]
    sets = "".join(f", {column} = ${place}" for place, column in enumerate(restored, start=3))
    await execute(
        f"UPDATE member SET updated_at = $2, version = version + 1{sets} WHERE id = $1",
        pair.survivor,
        clock.now(),
        *[fields.stored(column, overwritten.was[column]) for column in restored],
    )
    changed = await give_back_custom(pair.survivor, overwritten.custom_was, overwritten.custom_now)
    return back, [*stay, *(f"{fields.CUSTOM}{code}" for code in changed)]


def _named(name: str) -> str:
    return translate(FIELDS.get(name, Text(name.removeprefix(fields.CUSTOM))))


async def _tell(pair: Pair, rows: Mapping[UUID, Any], back: Sequence[str], *, forced: bool) -> None:
    store = rows[pair.survivor]["store"]
    if back:
        await emit("member.updated", member=pair.survivor, store=store, fields=list(back))
    for member in (pair.survivor, pair.other):
        await emit(
            "member.unmerged", member=member, store=store, merge=pair.merge, survivor=pair.survivor, other=pair.other
        )
    await audit.note(
        "members.unmerged",
        member=pair.survivor,
        subject=("member", pair.other),
        fields=list(back),
        merge=str(pair.merge),
        forced=forced,
    )
