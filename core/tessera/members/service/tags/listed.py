"""The list of tags: made on the fly or beforehand, renamed, coloured, merged, taken away."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from tessera.access import audit
from tessera.kernel import clock
from tessera.kernel.business import setting
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.members.normalise import plain
from tessera.members.service.scope import in_scope, members_seen
from tessera_hooks import _

LONGEST = 60
MOST_TAGS = 100
"""Tags that one call may name."""

ONLY_LISTED = "members.tags_only_listed"
"""The setting that keeps people to the tags that are listed already."""

TONES = ("azure", "blue", "green", "yellow", "orange", "red", "pink", "purple")
"""The colours that a tag may have; without one it is gray."""


class TagUnknown(NotFound):
    """There is no such tag."""

    code = "tag_unknown"


class TagTaken(Conflict):
    """Another tag is called so."""

    code = "tag_taken"


class TagInUse(Conflict):
    """Something stands on the tag."""

    code = "tag_in_use"


@dataclass(frozen=True)
class TagFacts:
    """A tag of the list; ``members`` carry it."""

    id: UUID
    name: str
    tone: str
    plugin: str
    members: int = 0


def clean_tag(name: str, field: str = "tags") -> str:
    """A tag as it is stored; a refusal where it is empty or too long."""
    cleaned = plain(name)
    if not cleaned or len(cleaned) > LONGEST:
        message = _("a tag has 1 to {limit} characters", limit=LONGEST)
        raise Invalid(message, [FieldError(field, message)])
    return cleaned


def clean_tags(names: Iterable[str], field: str = "tags") -> list[str]:
    """Tags as they are stored, each once whatever the case of its letters."""
    by_fold: dict[str, str] = {}
    given = list(names)
    if len(given) > MOST_TAGS:
        message = _("at most {limit} tags at once", limit=MOST_TAGS)
        raise Invalid(message, [FieldError(field, message)])
    for name in given:
        cleaned = clean_tag(name, field)
        by_fold.setdefault(cleaned.lower(), cleaned)
    return list(by_fold.values())


def only_listed() -> bool:
    """Whether only tags that are listed already can be given."""
    return bool(setting(ONLY_LISTED, default=False))


async def all_tags() -> list[TagFacts]:
    """Every tag by name, with how many carry it."""
    rows = await fetch(
        "SELECT t.id, t.name, t.tone, t.plugin, (SELECT count(*) FROM member_tag x WHERE x.tag = t.id) AS members "
        "FROM tag t ORDER BY lower(t.name)"
    )
    return [TagFacts(**dict(row)) for row in rows]


_MAY_BE_TOLD = (
    "(NOT EXISTS (SELECT 1 FROM member_tag x WHERE x.tag = t.id) OR "
    "EXISTS (SELECT 1 FROM member_tag x WHERE x.tag = t.id AND {seen}))"
)
"""Of tags that members carry only those that members in one's scope carry."""


async def suggest_tags(q: str = "", limit: int = 10) -> list[str]:
    """Tags whose names hold what was typed, those that begin with it first.

    Of tags that members carry only those are offered that members in one's scope carry: how another
    circle sorts its members is not told.
    """
    rows = await fetch(
        "SELECT t.name FROM tag t WHERE strpos(lower(t.name), lower($1)) > 0 "
        f"AND {_MAY_BE_TOLD.format(seen=in_scope('x.member', 2))} "
        "ORDER BY NOT starts_with(lower(t.name), lower($1)), lower(t.name) LIMIT $3",
        plain(q),
        members_seen(),
        limit,
    )
    return [row["name"] for row in rows]


async def tag_id(name: str) -> UUID | None:
    """The tag that is called so, whatever the case of its letters."""
    found: UUID | None = await fetchval("SELECT id FROM tag WHERE lower(name) = lower($1)", plain(name))
    return found


async def tag_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """How some tags are called; those that are gone are left out."""
    rows = await fetch("SELECT id, name FROM tag WHERE id = ANY($1)", list(ids))
    return {row["id"]: row["name"] for row in rows}


async def ids_of(
    names: Sequence[str], *, make: bool, plugin: str = "core", field: str = "tags", free: bool = False
) -> dict[str, UUID]:
    """The ids of tags by the names given, held until the transaction ends; ``make`` makes those that are new.

    Where only listed tags may be given, a new one is refused with the nearest that is listed, unless a
    plugin's rule brings it or it is ``free``, as in a list of the past.
    """
    wanted = list({clean_tag(name, field).lower(): clean_tag(name, field) for name in names}.values())
    known = await _held(wanted)
    missing = [name for name in wanted if name.lower() not in known]
    if missing and make:
        if only_listed() and plugin == "core" and not free:
            raise await _not_listed(missing[0], field)
        for name in sorted(missing, key=str.lower):
            await _insert(name, plugin)
        known = await _held(wanted)
    return {name: known[name.lower()] for name in wanted if name.lower() in known}


async def _held(names: Sequence[str]) -> dict[str, UUID]:
    """Ids by folded name; a tag that is held cannot be taken away meanwhile."""
    rows = await fetch(
        "SELECT w.name, t.id FROM unnest($1::text[]) AS w (name) JOIN tag t ON lower(t.name) = lower(w.name) "
        "ORDER BY t.id FOR KEY SHARE OF t",
        list(names),
    )
    return {row["name"].lower(): row["id"] for row in rows}


async def _insert(name: str, plugin: str, tone: str = "") -> UUID | None:
    made: UUID | None = await fetchval(
        "INSERT INTO tag (id, name, tone, plugin, created_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (lower(name)) DO NOTHING RETURNING id",
        uuid7(),
        name,
        tone,
        plugin,
        clock.now(),
    )
    return made


async def _not_listed(name: str, field: str) -> Invalid:
    may_be_told = _MAY_BE_TOLD.format(seen=in_scope("x.member", 1))
    rows = await fetch(f"SELECT t.name FROM tag t WHERE {may_be_told} ORDER BY lower(t.name)", members_seen())
    known = [row["name"] for row in rows]
    near = next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.4)), None)
    if near is None:
        message = _('there is no tag "{name}": choose one of the list', name=name)
    else:
        message = _('there is no tag "{name}", did you mean "{near}"?', name=name, near=near)
    return Invalid(message, [FieldError(field, message)])


async def make_tag(name: str, tone: str = "") -> UUID:
    """Put a tag on the list before anyone carries it."""
    cleaned, tone = clean_tag(name, "name"), _tone(tone)

    async def work() -> UUID:
        made = await _insert(cleaned, "core", tone)
        if made is None:
            raise TagTaken(_('there is a tag "{name}" already', name=cleaned), field="name")
        await audit.note("members.tag_made", subject=("tag", made))
        return made

    return await in_transaction(work)


async def change_tag(tag: UUID, name: str, tone: str) -> None:
    """Rename a tag or give it another colour; a name that another tag has is refused: merge the two."""
    cleaned, tone = clean_tag(name, "name"), _tone(tone)

    async def work() -> None:
        row = await _locked(tag)
        if row["name"] != cleaned:
            await refuse_if_asked_for(row["name"])
        try:
            await execute("UPDATE tag SET name = $2, tone = $3 WHERE id = $1", tag, cleaned, tone)
        except asyncpg.UniqueViolationError:
            message = _('there is a tag "{name}" already: merge the two', name=cleaned)
            raise TagTaken(message, field="name") from None
        await audit.note("members.tag_changed", subject=("tag", tag), fields=["name", "tone"])

    await in_transaction(work)


async def merge_tags(tag: UUID, into: UUID) -> int:
    """Let everyone who carries ``tag`` carry ``into`` instead; answers how many carried it."""
    if tag == into:
        message = _("choose another tag")
        raise Invalid(message, [FieldError("into", message)])

    async def work() -> int:
        for one in sorted((tag, into)):
            await _locked(one)
        await refuse_if_asked_for((await _locked(tag))["name"])
        await execute(
            "INSERT INTO member_tag (member, tag, at, actor, staff, rule, batch) "
            "SELECT member, $2, at, actor, staff, rule, batch FROM member_tag WHERE tag = $1 "
            "ON CONFLICT (member, tag) DO NOTHING",
            tag,
            into,
        )
        moved = await execute("DELETE FROM member_tag WHERE tag = $1", tag)
        await execute("DELETE FROM tag WHERE id = $1", tag)
        await audit.note("members.tags_merged", subject=("tag", into), rows=moved, merged=str(tag))
        return moved

    return await in_transaction(work)


async def delete_tag(tag: UUID) -> None:
    """Take a tag that nobody carries off the list."""

    async def work() -> None:
        row = await _locked(tag)
        carried = await fetchval("SELECT count(*) FROM member_tag WHERE tag = $1", tag)
        if carried:
            raise TagInUse(_("{count} members carry this tag: take it from them, or merge it", count=carried))
        await refuse_if_asked_for(row["name"])
        await execute("DELETE FROM tag WHERE id = $1", tag)
        await audit.note("members.tag_deleted", subject=("tag", tag))

    await in_transaction(work)


async def refuse_if_asked_for(name: str) -> None:
    """Refuse to change the name of a tag for which a rule of stages asks by that name."""
    code = await fetchval(
        "SELECT code FROM stage_rule WHERE jsonb_path_exists(condition, "
        "'$.** ? (@.fact == \"member.tags\" && @.value == $name)', jsonb_build_object('name', $1::text)) LIMIT 1",
        name,
    )
    if code is not None:
        raise TagInUse(_('the rule of stages "{code}" asks for this tag: change the rule first', code=code))


async def _locked(tag: UUID) -> asyncpg.Record:
    row: asyncpg.Record | None = await fetchrow("SELECT id, name FROM tag WHERE id = $1 FOR UPDATE", tag)
    if row is None:
        raise TagUnknown(_("There is no such tag."))
    return row


def _tone(tone: str) -> str:
    if tone and tone not in TONES:
        message = _("choose one of: {known}", known=", ".join(TONES))
        raise Invalid(message, [FieldError("tone", message)])
    return tone
