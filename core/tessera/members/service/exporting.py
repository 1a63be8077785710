"""Lists of members that go out: the columns an import knows, row after row in flat memory, audited before the first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Forbidden, Invalid
from tessera.kernel.texts import translate
from tessera.members import identities
from tessera.members.imports.people.columns import TITLES
from tessera.members.imports.people.draft import CONSENTS, LIST
from tessera.members.labels import FIELDS, GENDERS, stage_label
from tessera.members.service.fields import PREFIX, FieldFacts, custom_fields, custom_of
from tessera.members.service.scope import in_scope, members_seen, present
from tessera.members.service.tags import tags_of
from tessera.members.service.views import birthday_of_row, may_reveal, shown
from tessera_hooks import Text, _

EXPORT = "members.export"
"""The permission to take lists of members out."""

CHUNK = 1000
"""Members that are read at a time."""

COLUMNS: dict[str, Text] = {
    **{
        name: TITLES[name]
        for name in (
            "number", "name", "phone", "email", "gender", "birthday", "address", "language", "timezone", "store",
            "source",
        )
    },
    "stage": FIELDS["stage"],
    **{name: TITLES[name] for name in ("joined_on", "consent_sms", "consent_email", "identities")},
    "tags": _("Tags"),
}  # fmt: skip
"""The core's columns in their order; those of the business's own fields follow."""

SEPARATOR = "; "
"""What parts several tags or choices in one cell."""


@dataclass(frozen=True)
class Export:
    """A list about to go out: its columns, how many members, and whether sealed values stand in it readable."""

    columns: Sequence[str]
    count: int
    revealed: bool
    store: UUID | None = None
    stage: str | None = None

    @property
    def title(self) -> Text:
        """What the list is called."""
        return _("Members")

    @property
    def headings(self) -> list[str]:
        """The first row; a field of the business's own that is called like another column goes by its code."""
        titles = exportable()
        said = [translate(titles[name]) for name in self.columns]
        return [
            name if name.startswith(PREFIX) and said.count(title) > 1 else title
            for name, title in zip(self.columns, said, strict=True)
        ]

    async def rows(self) -> AsyncIterator[list[list[str]]]:
        """The members in the order of their ids, a thousand at a time: what comes meanwhile is at the end."""
        after: UUID | None = None
        while members := await fetch(_MEMBERS, members_seen(EXPORT), after, self.store, self.stage, CHUNK):
            yield await _rows(members, self.columns)
            after = members[-1]["id"]


_FROM = (
    f"FROM member m WHERE {present('m')} AND {in_scope('m.id', 1)} AND ($2::uuid IS NULL OR m.id > $2) "
    "AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM member_store k WHERE k.member = m.id AND k.store = $3)) "
    "AND ($4::text IS NULL OR m.stage = $4)"
)
_MEMBERS = f"SELECT m.* {_FROM} ORDER BY m.id LIMIT $5"


def exportable() -> dict[str, str]:
    """Every column that can be taken out, with what it is called."""
    own: dict[str, str] = {PREFIX + field.code: field.title for field in custom_fields()}
    return {**COLUMNS, **own}


async def begin(
    columns: Sequence[str] = (), *, store: UUID | None = None, stage: str | None = None, segment: str | None = None
) -> Export:
    """Check and audit an export; its rows are read from the answer.

    Without ``columns`` all of them. The audit is written before anything goes out, with the count at that
    moment, for whoever breaks a download off has what came until then.
    """
    actor().needs(EXPORT)
    seen = members_seen(EXPORT)
    if store is not None and seen is not None and store not in seen:
        raise Forbidden(_("You may not do this: it needs the permission {name}.", name=EXPORT))
    _refuse_segment(segment)
    known = exportable()
    unknown = next((name for name in columns if name not in known), None)
    if unknown is not None:
        message = _('there is no column "{name}": choose from {known}', name=unknown, known=", ".join(known))
        raise Invalid(message, [FieldError("columns", message)])
    wanted = [name for name in known if name in columns] if columns else list(known)
    revealed = actor().may("members.reveal")

    async def work() -> Export:
        count = await fetchval(f"SELECT count(*) {_FROM}", seen, None, store, stage)
        await audit.note("members.exported", store=store, fields=wanted, rows=count, revealed=revealed)
        return Export(wanted, count, revealed, store, stage)

    return await in_transaction(work)


def _refuse_segment(segment: str | None) -> None:
    if segment:
        message = _("there are no segments yet: leave the segment out to take every member")
        raise Invalid(message, [FieldError("segment", message)])


async def _rows(members: Sequence[Any], columns: Sequence[str]) -> list[list[str]]:
    """The cells of some members; only what some column shows is read."""
    ids = [row["id"] for row in members]
    reveal = {row["id"]: may_reveal(row["store"]) for row in members}
    fields = {PREFIX + field.code: field for field in custom_fields()}
    known = await _identities(ids, reveal) if {"phone", "email", "identities"} & set(columns) else {}
    consents = await _consents(ids) if set(CONSENTS) & set(columns) else {}
    tags = await tags_of(ids) if "tags" in columns else {}
    custom = await custom_of(ids, whole=may_reveal) if set(fields) & set(columns) else {}
    table = []
    for row in members:
        id_ = row["id"]
        cells = {
            **_profile(row, reveal=reveal[id_]),
            **_split(known.get(id_, [])),
            **consents.get(id_, {}),
            "tags": SEPARATOR.join(tags.get(id_, [])),
            **{PREFIX + code: _custom(fields[PREFIX + code], value) for code, value in custom.get(id_, {}).items()},
        }
        table.append([cells.get(name) or "" for name in columns])
    return table


def _profile(row: Any, *, reveal: bool) -> dict[str, str]:
    store = access.store_of(row["store"])
    return {
        "number": row["number"],
        "name": row["name"],
        "gender": translate(GENDERS[row["gender"]]) if row["gender"] else "",
        "birthday": str(birthday_of_row(row) or ""),
        "address": shown("address", row["address"], reveal=reveal) or "",
        "language": row["language"] or "",
        "timezone": row["timezone"] or "",
        "store": store.code if store else "",
        "source": row["source"] or "",
        "stage": translate(stage_label(row["stage"])),
        "joined_on": row["joined_on"].isoformat() if row["joined_on"] else "",
    }


async def _identities(ids: Sequence[UUID], reveal: Mapping[UUID, bool]) -> dict[UUID, list[tuple[str, str]]]:
    """Kind and value of what identifies and reaches members, primary ones first and contacts last."""
    found: dict[UUID, list[tuple[str, str]]] = {}
    for row in await fetch(
        "SELECT member, kind, sealed, is_primary, id, false AS is_contact FROM identity "
        "WHERE member = ANY($1) AND kind <> $2 "
        "UNION ALL SELECT member, kind, sealed, false, id, true FROM contact WHERE member = ANY($1) "
        "ORDER BY is_contact, is_primary DESC, id",
        ids,
        LIST,
    ):
        value = sealing.unseal_text(row["sealed"])
        said = value if reveal[row["member"]] else identities.masked(row["kind"], value)
        found.setdefault(row["member"], []).append((row["kind"], said))
    return found


def _split(known: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The first phone and address in columns of their own, all else in one cell, a line each with its kind."""
    first: dict[str, str] = {}
    others = []
    for kind, value in known:
        if kind in ("phone", "email") and kind not in first:
            first[kind] = value
        else:
            others.append(f"{kind}:{value}")
    return {**first, "identities": "\n".join(others)}


async def _consents(ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    columns = {said: name for name, said in CONSENTS.items()}
    words = {"granted": translate(_("yes")), "refused": translate(_("no"))}
    found: dict[UUID, dict[str, str]] = {}
    for row in await fetch("SELECT member, purpose, channel, state FROM consent WHERE member = ANY($1)", ids):
        name = columns.get((row["purpose"], row["channel"]))
        if name is not None:
            found.setdefault(row["member"], {})[name] = words.get(row["state"], "")
    return found


def _custom(field: FieldFacts, value: Any) -> str:
    """A value of a field as an import reads it: codes and decimals, not words of a language."""
    if isinstance(value, bool):
        return translate(_("yes") if value else _("no"))
    return SEPARATOR.join(value) if isinstance(value, list) else str(value)
