"""What can be done with records: make one, correct one, and compute derived values anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import partial
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.access.service.stores import StoreFacts
from tessera.kernel import clock
from tessera.kernel.database import execute, executemany, fetch, in_transaction
from tessera.kernel.errors import Conflict, Forbidden
from tessera.kernel.events import current_batch, current_origin, emit
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members.service import StaleVersion, hold, scope
from tessera.records import reach, rows
from tessera.records.formulas import Birth, computed
from tessera.records.kinds import Kind, kinds, kinds_here
from tessera.records.rows import Entry, birth_of
from tessera.records.sealed import stored
from tessera.records.validate import checked, refuse_empty
from tessera_hooks import Happened, _

PERSONAL = frozenset({"gender", "birthday"})
"""The fields of a member on which a formula may depend."""

CHUNK = 500
"""Records whose derived values are computed anew in one transaction."""


class RecordExists(Conflict):
    """The id that was brought along belongs to another record."""

    code = "record_exists"


async def record(
    kind: Kind,
    member: UUID,
    given: Mapping[str, Any],
    *,
    store: UUID | str | None = None,
    id_: UUID | None = None,
) -> Entry:
    """Make a record of a member, with its derived values and its event.

    ``given`` is what a form or JSON brought. ``id_`` is the id that the form was opened with: sent twice,
    it makes one record. A profile that the member has already is changed instead.
    """
    where = reach.store_for(kind, store)
    about = await scope.need_visible(member, kind.write)
    values = checked(kind, given, reach.today_in(where.id))
    new = id_ or uuid7()

    async def work() -> tuple[UUID, UUID]:
        here = await hold(about)
        if kind.type.profile and (there := await profile_of(kind, here)) is not None:
            await _rewrite(kind, there, {n: v for n, v in values.items() if n in given or n == "recorded_on"})
            return here, there.id
        if await insert(kind, new, here, where, values):
            day: date = values["recorded_on"]
            at = moment_of(day, where)
            await emit(kind.recorded, member=here, store=where.id, occurred_at=at, record=new)
        return here, new

    here, written = await in_transaction(work)
    made = await rows.just_written(kind, written)
    if made.member != here:
        raise RecordExists(_("This form was sent for someone else already: open it again."))
    return made


async def profile_of(kind: Kind, member: UUID) -> Entry | None:
    """The one row of a member, locked; where there is none, nobody else begins one until this unit of work ends."""
    await execute("SELECT 1 FROM member WHERE id = $1 FOR NO KEY UPDATE", member)
    found = await fetch(f"SELECT id FROM {kind.table} WHERE member = $1 FOR UPDATE", member)
    return await rows.just_written(kind, found[0]["id"]) if found else None


async def _rewrite(kind: Kind, there: Entry, fresh: Mapping[str, Any]) -> None:
    """Change a profile that is there: the whole circle's, whoever began it."""
    if there.store not in reach.seen_stores(kind):
        raise Forbidden(_("You may not record this here: it needs the permission {name}.", name=kind.write))
    await update(kind, there, {**there.values, "note": there.note, **fresh})


async def insert(kind: Kind, id_: UUID, member: UUID, store: StoreFacts, values: Mapping[str, Any]) -> bool:
    """Write the row of a new record in the running unit of work; answers whether there was none of that id."""
    person = (await _birth(member)).person_on(values["recorded_on"])
    row = {
        "id": id_,
        "member": member,
        "store": store.id,
        "staff": actor().staff_id,
        "origin": current_origin(),
        "batch": current_batch(),
        "created_at": clock.now(),
        "version": 1,
        **stored(kind, values),
        **computed(kind, values, person),
    }
    places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
    sql = f"INSERT INTO {kind.table} ({', '.join(row)}) VALUES ({places}) ON CONFLICT (id) DO NOTHING"
    return bool(await execute(sql, *row.values()))


async def _birth(member: UUID) -> Birth:
    found = await fetch("SELECT gender, birth_year, birth_month, birth_day FROM member WHERE id = $1", member)
    return birth_of(found[0])


def moment_of(day: date, store: StoreFacts) -> datetime:
    """When it happened: now for today's record, noon at the store for one written down later."""
    if day == reach.today_in(store.id):
        return clock.now()
    return datetime.combine(day, time(12), tzinfo=clock.zone(store.timezone))


async def change(kind: Kind, id_: UUID, given: Mapping[str, Any], version: int) -> Entry:
    """Correct those values of a record that are given; derived values follow.

    ``version`` is the one the person saw: if someone else was faster, nothing changes.
    """

    async def work() -> None:
        before = await rows.one(kind, id_, lock=True)
        await reach.need_write(kind, before.member, before.store)
        if before.version != version:
            raise StaleVersion(
                _("Someone else has changed this record meanwhile: look at it again."), version=before.version
            )
        old = {**before.values, "recorded_on": before.recorded_on, "note": before.note}
        values = {**old, **checked(kind, given, reach.today_in(before.store), partial=True)}
        refuse_empty(kind, values)
        if any(values[name] != old[name] for name in values if name not in kind.derived):
            await update(kind, before, values)

    await in_transaction(work)
    return await rows.one(kind, id_)


async def update(kind: Kind, before: Entry, values: Mapping[str, Any]) -> None:
    """Write other values into a record that is locked, with what is derived from them, and tell of it."""
    person = before.birth.person_on(values["recorded_on"])
    row = {**stored(kind, values), **computed(kind, values, person)}
    sets = ", ".join(f"{name} = ${i}" for i, name in enumerate(row, start=2))
    await execute(f"UPDATE {kind.table} SET {sets}, version = version + 1 WHERE id = $1", before.id, *row.values())
    await emit(kind.changed, member=before.member, store=before.store, record=before.id)


async def recompute(kind: Kind, member: UUID | None = None) -> int:
    """Compute derived values anew where the formula is newer or an input has come; answers how many changed.

    With ``member``, all of that member's records: their sex or birth date may have been corrected.
    People's own words and numbers are not touched, so a record's version stays.
    """
    if not kind.derived:
        return 0
    done = 0
    last: UUID | None = UUID(int=0)
    while last is not None:
        changed, last = await in_transaction(partial(_recompute_chunk, kind, member, last))
        done += changed
    return done


async def _recompute_chunk(kind: Kind, member: UUID | None, after: UUID) -> tuple[int, UUID | None]:
    older = " OR ".join(f"r.{name}_version IS DISTINCT FROM {d.version}" for name, d in kind.derived.items())
    found = await fetch(
        f"SELECT r.*, m.gender, m.birth_year, m.birth_month, m.birth_day FROM {kind.table} r "
        f"JOIN member m ON m.id = r.member WHERE r.id > $1 AND (r.member = $2 OR ($2::uuid IS NULL AND ({older}))) "
        f"ORDER BY r.id LIMIT {CHUNK} FOR UPDATE OF r",
        after,
        member,
    )
    return await _recompute_rows(kind, found), found[-1]["id"] if found else None


async def _recompute_rows(kind: Kind, found: list[Any]) -> int:
    fresh = []
    for row in found:
        made = computed(kind, dict(row), birth_of(row).person_on(row["recorded_on"]))
        if any(row[name] != value for name, value in made.items()):
            fresh.append((row["id"], *made.values()))
    if fresh:
        names = [n for name in kind.derived for n in (name, f"{name}_version")]
        sets = ", ".join(f"{name} = ${i}" for i, name in enumerate(names, start=2))
        await executemany(f"UPDATE {kind.table} SET {sets} WHERE id = $1", fresh)
    return len(fresh)


async def recompute_all() -> None:
    """Bring the derived values of every enabled record type up to date."""
    for kind in kinds(host()):
        if host().enabled(kind.plugin):
            await recompute(kind)


async def person_changed(event: Happened) -> None:
    """After a member's sex or birth date was corrected: what depends on it follows."""
    if event.member is None or not PERSONAL.intersection(event.payload["fields"]):
        return
    for kind in await kinds_here():
        if any(isinstance(needed, str) for derived in kind.derived.values() for needed in derived.inputs):
            await recompute(kind, event.member)
