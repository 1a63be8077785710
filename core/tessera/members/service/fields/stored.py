"""What stands in the fields of members: sensitive values sealed, each with a lookup for its equals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit, sealing
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError
from tessera.kernel.events import current_batch, emit
from tessera.members.normalise import Unusable, plain
from tessera.members.service.checks import Checks, MaskedValue
from tessera.members.service.fields.defined import FieldFacts, FieldInUse, all_fields, custom_fields, unknown_field
from tessera.members.service.fields.values import MASK, as_text, parsed
from tessera.members.service.scope import need_visible, unknown
from tessera.members.service.survivors import hold
from tessera.members.service.tokens import refresh_tokens
from tessera.members.service.views import shows_whole
from tessera_hooks import _

PREFIX = "custom."
"""Before a field's code where it stands beside the core's own fields: events, errors, facts, columns."""

Checked = list[tuple[FieldFacts, Any]]


@dataclass(frozen=True)
class CustomValue:
    """A field of one member on a page: its value as people read it, masked unless it may be seen."""

    field: FieldFacts
    value: Any
    masked: bool = False

    @property
    def text(self) -> str:
        """The value in words."""
        return as_text(self.field, self.value)


def check_custom(given: Mapping[str, Any], *, complete: bool = False) -> Checked:
    """The values as they are stored, or a refusal that names every wrong field and the nearest of an unknown one.

    ``None`` empties a field. A required one is not emptied, and with ``complete`` not left out.
    """
    check = Checks()
    values = take_custom(check, given, complete=complete)
    check.finish()
    return values


def take_custom(check: Checks, given: Mapping[str, Any], *, complete: bool = False) -> Checked:
    """As ``check_custom``, noting what is wrong among other fields of the same input."""
    known, values = {f.code: f for f in custom_fields()}, []
    for code, raw in given.items():
        field = known.get(code)
        if field is None:
            check.wrong(PREFIX + code, unknown_field(code))
            continue
        _refuse_mask(code, raw)
        try:
            values.append((field, parsed(field, raw)))
        except Unusable as refusal:
            check.wrong(PREFIX + code, refusal.reason)
    filled = {field.code: value for field, value in values}
    for field in known.values():
        asked = complete or field.code in given
        if field.required and asked and filled.get(field.code) is None and not _is_wrong(check, field):
            check.wrong(PREFIX + field.code, _("fill this in"))
    return values


def _is_wrong(check: Checks, field: FieldFacts) -> bool:
    return any(error.field == PREFIX + field.code for error in check.errors)


def _refuse_mask(code: str, raw: Any) -> None:
    parts = raw if isinstance(raw, list | tuple) else [raw]
    if any(isinstance(part, str) and sealing.is_masked(part) for part in parts):
        message = _("this value is masked: leave it out, or send the whole one")
        raise MaskedValue(message, [FieldError(PREFIX + code, message)])


async def set_custom(member: UUID, given: Mapping[str, Any]) -> list[str]:
    """Change some fields of a member, ``None`` emptying one, and answer the codes of those that did change.

    Fields that are not named stay, whoever else changes them at the same time: the member is locked.
    """
    values = check_custom(given)
    asked = await need_visible(member, "members.write")

    async def work() -> list[str]:
        member = await hold(asked)
        row = await fetchrow(
            "SELECT store FROM member WHERE id = $1 AND merged_into IS NULL AND erased_at IS NULL FOR NO KEY UPDATE",
            member,
        )
        if row is None:
            raise unknown()
        changed = await write_custom(member, values)
        if changed:
            fields = [PREFIX + code for code in changed]
            await execute("UPDATE member SET version = version + 1, updated_at = $2 WHERE id = $1", member, clock.now())
            await emit("member.updated", member=member, store=row["store"], fields=fields)
            await audit.note("members.changed", member=member, fields=fields)
        return changed

    return await in_transaction(work)


async def write_custom(member: UUID, values: Checked) -> list[str]:
    """Write values of a member that is locked, and answer the codes of those that differ from before."""
    if not values:
        return []
    await hold_fields([field for field, _value in values])
    rows = await fetch(
        "SELECT field, value, sealed FROM member_custom WHERE member = $1 AND field = ANY($2)",
        member,
        [field.id for field, _value in values],
    )
    before = {row["field"]: value_of(row) for row in rows}
    changed = [(field, value) for field, value in values if before.get(field.id) != value]
    for field, value in changed:
        if value is None:
            await execute("DELETE FROM member_custom WHERE member = $1 AND field = $2", member, field.id)
        else:
            await execute(_WRITE, member, field.id, *columns_of(field, value), current_batch())
    if any(field.searchable and not field.sensitive for field, _value in changed):
        await refresh_tokens([member])
    return [field.code for field, _value in changed]


_WRITE = """
INSERT INTO member_custom (member, field, value, sealed, lookup, batch) VALUES ($1, $2, $3::jsonb, $4, $5, $6)
ON CONFLICT (member, field) DO UPDATE SET value = excluded.value, sealed = excluded.sealed, lookup = excluded.lookup,
    batch = excluded.batch
"""


async def hold_fields(fields: Sequence[FieldFacts]) -> None:
    """Keep fields from being changed until the transaction ends; refuse where one is no longer what it was."""
    rows = await fetch(
        "SELECT id, kind, sensitive FROM custom_field WHERE id = ANY($1) ORDER BY id FOR SHARE",
        [field.id for field in fields],
    )
    now = {row["id"]: (row["kind"], row["sensitive"]) for row in rows}
    for field in fields:
        if now.get(field.id) != (field.kind, field.sensitive):
            raise FieldInUse(_("the field {label} was changed at this moment: try again", label=field.title))


def columns_of(field: FieldFacts, value: Any) -> tuple[str | None, bytes | None, bytes | None]:
    """A value as it stands in its row: plain, or sealed with its lookup."""
    if not field.sensitive:
        return msgspec.json.encode(value).decode(), None, None
    return None, sealing.seal(sealed_text(value)), _lookup(field, value)


def sealed_text(value: Any) -> str:
    """What is sealed of a value: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _lookup(field: FieldFacts, value: Any) -> bytes | None:
    """What equals of a value are found by; a choice of few has none, for it would tell who chose alike."""
    if field.kind not in {"text", "number", "date"}:
        return None
    return sealing.lookup(f"custom:{field.code}", plain(str(value)).casefold())


def value_of(row: Any) -> Any:
    """The value of a row."""
    if row["sealed"] is None:
        return row["value"]
    field = next(f for f in all_fields() if f.id == row["field"])
    return _unsealed(field, sealing.unseal_text(row["sealed"]))


def _unsealed(field: FieldFacts, text: str) -> Any:
    return text if field.kind in {"text", "number", "date", "choice"} else msgspec.json.decode(text)


def spoken(code: str, text: str) -> str:
    """What was sealed of a field, as it is shown when it is revealed: choices, yes and no in words."""
    field = next((f for f in all_fields() if f.code == code), None)
    if field is None or field.kind in {"text", "number", "date"}:
        return text
    return as_text(field, _unsealed(field, text))


async def custom_of(
    members: Sequence[UUID], *, whole: Callable[[UUID | None], bool] = shows_whole
) -> Mapping[UUID, dict[str, Any]]:
    """What stands in the fields of many members, by code; sensitive ones masked unless ``whole`` of their home store.

    Without ``whole``, a program is answered values whole where it may see them, and a person is not.
    """
    known = {field.id: field for field in custom_fields()}
    if not known:
        return {}
    rows = await fetch(
        "SELECT c.member, c.field, c.value, c.sealed, m.store FROM member_custom c JOIN member m ON m.id = c.member "
        "WHERE c.member = ANY($1) AND c.field = ANY($2)",
        list(members),
        list(known),
    )
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        may_see = row["sealed"] is None or whole(row["store"])
        found.setdefault(row["member"], {})[known[row["field"]].code] = value_of(row) if may_see else MASK
    order = {field.code: place for place, field in enumerate(known.values())}
    return {m: dict(sorted(values.items(), key=lambda item: order[item[0]])) for m, values in found.items()}


async def custom_values(member: UUID) -> list[CustomValue]:
    """The fields of one member for a page, those without a value too; sensitive ones as the actor may see them."""
    values = (await custom_of([member])).get(member, {})
    return [CustomValue(f, v := values.get(f.code), f.sensitive and v == MASK) for f in custom_fields()]


def lookups_of(text: str) -> list[tuple[UUID, bytes]]:
    """By what a text would be found in each sensitive field that is searched: the field and the lookup."""
    wanted = plain(text).casefold()
    fields = [f for f in custom_fields() if f.sensitive and f.searchable]
    return [(field.id, sealing.lookup(f"custom:{field.code}", wanted)) for field in fields] if wanted else []


async def matching(text: str) -> list[UUID]:
    """The members in one of whose sensitive, searched fields exactly this stands, wherever they are.

    Whoever asks keeps to the scope, and counts it as a lookup.
    """
    asked = lookups_of(text)
    rows = await fetch(
        "SELECT DISTINCT c.member FROM unnest($1::uuid[], $2::bytea[]) AS w (field, lookup) "
        "JOIN member_custom c ON c.field = w.field AND c.lookup = w.lookup ORDER BY c.member",
        [field for field, _lookup_ in asked],
        [lookup for _field, lookup in asked],
    )
    return [row["member"] for row in rows]
