"""Telling a person all that is known of them: every room's and plugin's answer in one document.

The shape is stable: ``format``, ``version``, ``at``, ``business``, ``member`` (what this room knows) and
``rooms``, by the names of rooms of the core (``core.points``) and of plugins. Fields may be added. Other
people are named by their number and what they are to the member, never by more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit, sealing
from tessera.access.service import store_of
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchrow, in_transaction
from tessera.kernel.errors import Forbidden
from tessera.kernel.migrations.run import removed_plugins
from tessera.kernel.plugins import host
from tessera.members.service.fields.stored import value_of
from tessera.members.service.scope import need_visible
from tessera.members.service.survivors import ids_of
from tessera.members.service.views import birthday_of_row, revealable
from tessera_hooks import _

PERMISSION = "members.export"
REVEAL = "members.reveal"
"""All that is known is told whole, so that it takes the right to see masked values too."""

FORMAT, VERSION = "tessera.member", 1


class MemberTold(msgspec.Struct):
    """All that is known of one person."""

    format: str
    version: int
    at: datetime
    business: str
    member: dict[str, Any]
    rooms: dict[str, Any]


_LISTS: dict[str, str] = {
    "tags": "SELECT t.name, g.at, g.actor, g.rule FROM member_tag g JOIN tag t ON t.id = g.tag "
    "WHERE g.member = ANY($1) ORDER BY g.at, t.name",
    "stages": "SELECT before, after, reason, rule, actor, at FROM stage_change WHERE member = ANY($1) ORDER BY id",
    "consents": "SELECT c.purpose, c.channel, c.state, c.source, c.wording, c.given_by, g.number AS guardian, c.at "
    "FROM consent c LEFT JOIN member g ON g.id = c.guardian WHERE c.member = ANY($1) ORDER BY c.at, c.id",
    "consent_history": "SELECT c.purpose, c.channel, c.state, c.source, c.wording, c.given_by, g.number AS guardian, "
    "c.actor, c.at FROM consent_word c LEFT JOIN member g ON g.id = c.guardian "
    "WHERE c.member = ANY($1) ORDER BY c.at, c.id",
    "links": "SELECT l.kind, o.number AS other, l.label, l.since, l.until FROM member_link l "
    "LEFT JOIN member o ON o.id = l.other WHERE l.member = ANY($1) UNION ALL "
    "SELECT 'of_' || l.kind, o.number, '', l.since, l.until FROM member_link l JOIN member o ON o.id = l.member "
    "WHERE l.other = ANY($1)",
    "responsible": "SELECT r.role, s.name AS staff, r.since FROM member_staff r JOIN staff s ON s.id = r.staff "
    "WHERE r.member = ANY($1) ORDER BY r.role",
    "stores": "SELECT s.code, s.name FROM member_store l JOIN store s ON s.id = l.store "
    "WHERE l.member = ANY($1) GROUP BY s.code, s.name ORDER BY s.code",
    "merged": "SELECT number, id FROM member WHERE id = ANY($1) AND merged_into IS NOT NULL ORDER BY number",
    "imports": "SELECT b.kind, b.file_name, r.line, r.action, b.started_at AS at FROM import_row r "
    "JOIN import_batch b ON b.id = r.batch WHERE r.target = ANY($1) ORDER BY b.started_at, r.line",
    "events": "SELECT id, kind, origin, occurred_at, payload FROM event WHERE member = ANY($1) "
    "ORDER BY occurred_at, id",
    "seen_and_changed_by": "SELECT a.at, a.action, a.actor_kind, a.actor_label AS actor, s.code AS store, a.fields "
    "FROM audit a LEFT JOIN store s ON s.id = a.store WHERE a.member = ANY($1) ORDER BY a.id",
}
"""What is told row by row, by its name in the document."""

_IDENTITIES = """
SELECT kind, sealed, is_primary AS "primary", verified, created_at AS since FROM identity
WHERE member = ANY($1) AND kind <> 'list' ORDER BY id
"""
_CONTACTS = "SELECT kind, sealed, created_at AS since FROM contact WHERE member = ANY($1) ORDER BY id"
_NOTES = "SELECT text, author, at FROM member_note WHERE member = ANY($1) ORDER BY at, id"
_CUSTOM = """
SELECT m.number, f.code, c.field, c.value, c.sealed FROM member_custom c JOIN custom_field f ON f.id = c.field
JOIN member m ON m.id = c.member WHERE c.member = ANY($1) ORDER BY m.number, f.place, f.code
"""
_FILES = """
SELECT a.id, a.title, a.kind, a.sensitive, a.author, a.at, f.media_type, f.size, a.member
FROM attachment a JOIN stored_file f ON f.id = a.file WHERE a.member = ANY($1) ORDER BY a.at, a.id
"""


async def export_member(member: UUID) -> MemberTold:
    """All that is known of one person, plugins included, also those that rest; audited as an export.

    Everything is told as it is, nothing masked: it needs ``members.export`` and ``members.reveal``.
    Attachments are told with the addresses at which they are given.
    """
    id_ = await need_visible(member, PERMISSION)
    row = await fetchrow("SELECT * FROM member WHERE id = $1", id_)
    if id_ not in await revealable([row]):
        raise Forbidden(_("You may not do this: it needs the permission {name}.", name=REVEAL))

    async def work() -> MemberTold:
        told = await _own(row, await ids_of(id_))
        gone = await removed_plugins()
        rooms = await host().participate_all("export_member", lambda _owner: {"member": id_}, without=gone)
        await audit.note("members.all_revealed", member=id_, store=row["store"], rows=1)
        return MemberTold(FORMAT, VERSION, clock.now(), business().name, told, dict(rooms))

    return await in_transaction(work)


async def _own(row: Any, ids: Sequence[UUID]) -> dict[str, Any]:
    """What this room knows."""
    told = _profile(row)
    told["identities"] = [_opened(one) for one in await fetch(_IDENTITIES, ids)]
    told["contacts"] = [_opened(one) for one in await fetch(_CONTACTS, ids)]
    told["notes"] = [
        {"text": sealing.unseal_text(one["text"]), "author": one["author"], "at": one["at"]}
        for one in await fetch(_NOTES, ids)
    ]
    custom: dict[str, dict[str, Any]] = {}
    for one in await fetch(_CUSTOM, ids):
        custom.setdefault(one["number"], {})[one["code"]] = value_of(one)
    told["custom"] = custom.pop(row["number"], {})
    told["custom_of_merged"] = custom
    told["attachments"] = [_file(one) for one in await fetch(_FILES, ids)]
    for name, sql in _LISTS.items():
        told[name] = [dict(one) for one in await fetch(sql, ids)]
    return told


def _profile(row: Any) -> dict[str, Any]:
    store = store_of(row["store"])
    born = birthday_of_row(row)
    plain = ("id", "number", "name", "gender", "language", "timezone", "source", "stage", "created_at", "updated_at")
    return {
        **{name: row[name] for name in plain},
        "birthday": str(born) if born else None,
        "lunar_birthday": {name: row[f"lunar_{name}"] for name in ("month", "day", "leap")}
        if row["lunar_month"]
        else None,
        "address": sealing.unseal_text(row["address"]) if row["address"] is not None else None,
        "store": store.code if store else None,
        "joined_at": row["joined_on"],
    }


def _opened(row: Any) -> dict[str, Any]:
    told = dict(row)
    told["value"] = sealing.unseal_text(told.pop("sealed"))
    return told


def _file(row: Any) -> dict[str, Any]:
    told = dict(row)
    member = told.pop("member")
    return {**told, "url": f"/api/v1/members/{member}/attachments/{told['id']}"}
