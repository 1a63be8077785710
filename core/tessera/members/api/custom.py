"""The business's own fields: what they are, and how they stand in members as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import get

from tessera.members.api.rendering import register_member_part
from tessera.members.service.fields import MASK, custom_fields, custom_of
from tessera.members.service.reveal import note_shown


class FieldOut(msgspec.Struct):
    """A field by its code; labels by language, ``choices`` by code with their labels."""

    code: str
    kind: str
    label: dict[str, str]
    choices: dict[str, dict[str, str]]
    required: bool
    sensitive: bool
    searchable: bool


class FieldList(msgspec.Struct):
    """All fields that are shown, in their order."""

    items: list[FieldOut]
    next: str | None = None


@get("/fields", permission="members.read", operation_id="fields.list", tags=["members"], sync_to_thread=False)
def list_fields() -> FieldList:
    """The fields that the business added to its members, which ``custom`` of a member may hold."""
    return FieldList(
        [
            FieldOut(
                f.code,
                f.kind,
                dict(f.label),
                {code: dict(labels) for code, labels in f.choices.items()},
                f.required,
                f.sensitive,
                f.searchable,
            )
            for f in custom_fields()
        ]
    )


async def _custom(members: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]:
    """What stands in the fields of members; sensitive values that a program is answered whole are audited."""
    found = await custom_of(members)
    sealed = {field.code for field in custom_fields() if field.sensitive}
    whole = {m: {c for c, v in values.items() if c in sealed and v != MASK} for m, values in found.items()}
    shown = [member for member, codes in whole.items() if codes]
    await note_shown(shown, [f"custom:{code}" for member in shown for code in whole[member]])
    return found


register_member_part("custom", _custom)

handlers = [list_fields]
