"""Who carries which tag: given and taken one by one, for many at once, and by rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import fetch, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import current_batch, event_row, write_events
from tessera.members.service.scope import in_scope, members_seen, present, unknown
from tessera.members.service.survivors import hold_all
from tessera.members.service.tags.listed import clean_tags, ids_of
from tessera_hooks import _

MOST_AT_ONCE = 1000
"""Members that one call may name."""


@dataclass(frozen=True)
class GivenTag:
    """A tag that a member carries: since when, and from whom or which rule."""

    id: UUID
    name: str
    tone: str
    at: datetime
    actor: str
    rule: str | None


@dataclass(frozen=True)
class Tagging:
    """What came of tagging: members looked at, tags given and taken that were not so before."""

    members: int = 0
    added: int = 0
    removed: int = 0

    def __add__(self, other: Tagging) -> Tagging:
        return Tagging(self.members + other.members, self.added + other.added, self.removed + other.removed)


async def tags_given(member: UUID) -> list[GivenTag]:
    """The tags of one member, by name."""
    rows = await fetch(
        "SELECT t.id, t.name, t.tone, x.at, x.actor, x.rule FROM member_tag x JOIN tag t ON t.id = x.tag "
        "WHERE x.member = $1 ORDER BY lower(t.name)",
        member,
    )
    return [GivenTag(**dict(row)) for row in rows]


def tags_sql(member: str) -> str:
    """An expression for the names of one member's tags, by name."""
    return (
        f"SELECT array_agg(t.name ORDER BY lower(t.name)) FROM member_tag x JOIN tag t ON t.id = x.tag "
        f"WHERE x.member = {member}"
    )


async def tags_of(members: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """The names of the tags of many members, by name."""
    found: dict[UUID, list[str]] = {}
    for row in await fetch(
        "SELECT x.member, t.name FROM member_tag x JOIN tag t ON t.id = x.tag WHERE x.member = ANY($1) "
        "ORDER BY lower(t.name)",
        list(members),
    ):
        found.setdefault(row["member"], []).append(row["name"])
    return found


async def tag_members(
    members: Sequence[UUID],
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    *,
    rule: str | None = None,
    plugin: str = "core",
) -> Tagging:
    """Give tags to members and take others from them, all or none; whoever was merged means their survivor.

    Refused where one of the members is not there for the actor. New tags are made. ``rule`` names the
    rule that does it, and the ``plugin`` whose it is.
    """
    add, remove = clean_tags(add, "add"), clean_tags(remove, "remove")
    _check(members, add, remove)

    async def work() -> Tagging:
        return await _tag(await _hold(members), add, remove, rule, plugin)

    return await in_transaction(work)


async def _tag(
    held: Sequence[UUID], add: Sequence[str], remove: Sequence[str], rule: str | None = None, plugin: str = "core"
) -> Tagging:
    done = await write_tags(held, add, remove, rule=rule, plugin=plugin)
    if done.added or done.removed:
        await audit.note(
            "members.tags_changed",
            member=held[0] if len(held) == 1 else None,
            fields=["tags"],
            rows=len(held),
            added=done.added,
            removed=done.removed,
            rule=rule,
        )
    return done


def _check(members: Sequence[UUID], add: Sequence[str], remove: Sequence[str]) -> None:
    wrong = []
    if not members or len(members) > MOST_AT_ONCE:
        wrong.append(FieldError("members", _("name 1 to {limit} members", limit=MOST_AT_ONCE)))
    if not add and not remove:
        wrong.append(FieldError("add", _("name a tag to add or to remove")))
    both = {name.lower() for name in add} & {name.lower() for name in remove}
    if both:
        wrong.append(FieldError("remove", _("the same tag cannot be added and removed")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


async def _hold(members: Sequence[UUID]) -> list[UUID]:
    """Whom the ids mean today, locked; refused where one of them is not there."""
    asked = list(dict.fromkeys(members))
    known = await fetch("SELECT id FROM member WHERE id = ANY($1)", asked)
    today = sorted(set((await hold_all(asked)).values()))
    held = await _hold_those_left(today)
    if len(known) != len(asked) or len(held) != len(today):
        raise unknown()
    return held


async def _hold_those_left(members: Sequence[UUID]) -> list[UUID]:
    """Members that are there for the actor, locked in the order of ids so that two of these never wait for each other.

    Whoever was merged or erased meanwhile is left out.
    """
    rows = await fetch(
        f"SELECT m.id FROM member m WHERE m.id = ANY($1) AND {present('m')} AND {in_scope('m.id', 2)} "
        "ORDER BY m.id FOR NO KEY UPDATE OF m",
        list(members),
        members_seen("members.write"),
    )
    return [row["id"] for row in rows]


_GIVE = """
INSERT INTO member_tag (member, tag, at, actor, staff, rule, batch)
SELECT m.id, t.id, $3, $4, $5, $6, $7 FROM unnest($1::uuid[]) AS m (id) CROSS JOIN unnest($2::uuid[]) AS t (id)
ON CONFLICT (member, tag) DO NOTHING RETURNING member, tag
"""


async def write_tags(
    members: Sequence[UUID],
    add: Sequence[str],
    remove: Sequence[str],
    *,
    rule: str | None = None,
    plugin: str = "core",
    field: str = "add",
) -> Tagging:
    """Give and take tags within the running unit of work, with their events, for members that it has locked."""
    given = await ids_of(add, make=True, plugin=plugin, field=field)
    taken = await ids_of(remove, make=False, field="remove")
    who = actor()
    added = await fetch(
        _GIVE,
        list(members),
        list(given.values()),
        clock.now(),
        str(who.label)[:200],
        who.staff_id,
        rule,
        current_batch(),
    )
    removed = await fetch(
        "DELETE FROM member_tag WHERE member = ANY($1) AND tag = ANY($2) RETURNING member, tag",
        list(members),
        list(taken.values()),
    )
    events = []
    for kind, rows in (("member.tagged", added), ("member.untagged", removed)):
        by_member: dict[UUID, list[UUID]] = {}
        for row in rows:
            by_member.setdefault(row["member"], []).append(row["tag"])
        events += [event_row(kind, member=m, store=who.store, tags=tags, rule=rule) for m, tags in by_member.items()]
    await write_events(events)
    return Tagging(len(members), len(added), len(removed))


async def set_tags(member: UUID, names: Iterable[str]) -> bool:
    """Let a member that is locked carry these tags and no others; answers whether that changed anything."""
    wanted = clean_tags(names)
    present_names = (await tags_of([member])).get(member, [])
    has, wants = {name.lower() for name in present_names}, {name.lower() for name in wanted}
    add = [name for name in wanted if name.lower() not in has]
    remove = [name for name in present_names if name.lower() not in wants]
    if not add and not remove:
        return False
    done = await write_tags([member], add, remove, field="tags")
    return bool(done.added or done.removed)


async def found_ids(
    *, stage: str | None = None, tag: UUID | None = None, after: UUID | None = None, limit: int = MOST_AT_ONCE
) -> list[UUID]:
    """The next members whom one may change, of a stage and with a tag where given, in the order of their ids."""
    rows = await fetch(
        f"SELECT m.id FROM member m WHERE {present('m')} AND {in_scope('m.id', 1)} "
        "AND ($2::text IS NULL OR m.stage = $2) AND ($4::uuid IS NULL OR m.id > $4) "
        "AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM member_tag x WHERE x.member = m.id AND x.tag = $3)) "
        "ORDER BY m.id LIMIT $5",
        members_seen("members.write"),
        stage,
        tag,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def tag_all(
    add: Iterable[str], remove: Iterable[str], *, stage: str | None = None, tag: UUID | None = None
) -> Tagging:
    """Tag everyone of a stage and with a tag, a thousand in each transaction.

    Who came meanwhile may be left out, and so is whoever was merged or erased meanwhile.
    """
    add, remove = clean_tags(add, "add"), clean_tags(remove, "remove")
    done, after = Tagging(), None
    while ids := await found_ids(stage=stage, tag=tag, after=after):
        _check(ids, add, remove)
        after = ids[-1]
        done += await in_transaction(partial(_tag_those_left, ids, add, remove))
    return done


async def _tag_those_left(members: Sequence[UUID], add: Sequence[str], remove: Sequence[str]) -> Tagging:
    return await _tag(await _hold_those_left(members), add, remove)
