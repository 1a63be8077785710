"""Erasing a member: the person goes, the ledger stays true, and nothing is left by which they could be found.

What stays is the row with its number and its store, empty; accounts and entries; purchases, visits and
counts; events and audit, which hold ids and codes. Everything that says who it was goes, in every room and
plugin, in one transaction. Consents go too, and nobody is put on a list of people not to be written to: such
a list would have to know them again. Who comes back with an old list was never asked and is not written to
unless that list itself says that they agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from tessera.access import audit
from tessera.access.idempotency import forget_answers_about
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.events import emit
from tessera.kernel.files import delete_files
from tessera.kernel.migrations.run import removed_plugins
from tessera.kernel.plugins import host
from tessera.members.service.scope import need_visible, unknown
from tessera.members.service.survivors import ids_of
from tessera_hooks import Text, _

PERMISSION = "members.erase"

REASONS: dict[str, Text] = {
    "request": _("The person asked for it"),
    "mistake": _("Entered by mistake"),
    "retention": _("No longer needed"),
    "other": _("Another reason"),
}
"""Why someone is erased: codes, for words could name the person again."""

SWEPT = timedelta(days=2)
"""How long after an erasure rows that were being written at that moment are looked for."""

_ROWS = (
    "DELETE FROM identity WHERE member = ANY($1)",
    "DELETE FROM contact WHERE member = ANY($1)",
    "DELETE FROM consent WHERE member = ANY($1)",
    "DELETE FROM consent_word WHERE member = ANY($1)",
    "UPDATE consent SET guardian = NULL, given_by = '' WHERE guardian = ANY($1)",
    "UPDATE consent_word SET guardian = NULL, given_by = '' WHERE guardian = ANY($1)",
    "DELETE FROM member_note WHERE member = ANY($1)",
    "DELETE FROM member_tag WHERE member = ANY($1)",
    "DELETE FROM member_custom WHERE member = ANY($1)",
    "DELETE FROM member_link WHERE member = ANY($1) OR other = ANY($1)",
    "DELETE FROM member_staff WHERE member = ANY($1)",
    "DELETE FROM stage_change WHERE member = ANY($1)",
    "DELETE FROM member_store WHERE member = ANY($1)",
    "DELETE FROM member_token WHERE member = ANY($1)",
    "DELETE FROM duplicate WHERE one = ANY($1) OR other = ANY($1)",
    "DELETE FROM likeness_key WHERE member = ANY($1)",
    "DELETE FROM likeness_due WHERE member = ANY($1)",
    "UPDATE member_merge SET before = NULL, kept = '{}', choices = '{}' WHERE $1 && ARRAY[survivor, other]",
    "UPDATE import_row SET before = NULL WHERE target = ANY($1) AND before IS NOT NULL",
)
"""What goes of this room's rows, by the member's ids."""

_EMPTIED = """
UPDATE member SET name = '', name_key = '', gender = NULL, birth_year = NULL, birth_month = NULL, birth_day = NULL,
    lunar_month = NULL, lunar_day = NULL, lunar_leap = false, address = NULL, language = NULL, timezone = NULL,
    source = NULL, stage = 'lost', erased_at = coalesce(erased_at, $2), updated_at = $2, version = version + 1
WHERE id = ANY($1)
"""

_BATCHES = "SELECT DISTINCT batch FROM import_row WHERE target = ANY($1)"

_LISTS = f"""
UPDATE import_upload SET file = NULL, rejects = NULL, head = NULL
WHERE batch IN ({_BATCHES}) AND state = 'done' AND (file IS NOT NULL OR rejects IS NOT NULL OR head IS NOT NULL)
RETURNING id
"""


async def erase(member: UUID, reason: str = "request") -> UUID:
    """Take a person out of everything, for good, and answer the id of the row that stays.

    Members who were merged into them go with them. Refused where a room or plugin refuses: while stored
    value is left (``member_holds_value``). ``reason`` is one of ``REASONS``; any other word counts as
    ``other`` and is not kept.
    """
    id_ = await need_visible(member, PERMISSION)
    why = reason if reason in REASONS else "other"

    async def work() -> UUID:
        ids = await ids_of(id_)
        rows = await fetch(
            "SELECT id, store, merged_into, erased_at FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids
        )
        own = next(row for row in rows if row["id"] == id_)
        if own["merged_into"] is not None or own["erased_at"] is not None or len(await ids_of(id_)) != len(ids):
            raise unknown()
        await fetchval("SELECT set_config('tessera.erasing', 'on', true)")
        gone = await removed_plugins()
        for one in ids:
            await host().participate_all("erase_member", lambda _owner, one=one: {"member": one}, without=gone)  # type: ignore[misc]
        await _remove_lists(ids)
        await _empty(ids)
        await execute(_EMPTIED, ids, clock.now())
        await forget_answers_about(ids)
        await audit.note("members.erased", member=id_, store=own["store"], reason=why, merged=len(ids) - 1)
        await emit("member.erased", member=id_, store=own["store"], reason=why)
        await fetchval("SELECT set_config('tessera.erasing', 'off', true)")
        return id_

    return await in_transaction(work)


async def _empty(ids: Sequence[UUID]) -> None:
    """Take away this room's rows about some members, and their files."""
    for sql in _ROWS:
        await execute(sql, list(ids))
    gone = await fetch("DELETE FROM attachment WHERE member = ANY($1) RETURNING file, thumbnail", list(ids))
    await delete_files([id_ for row in gone for id_ in row if id_ is not None])


async def _remove_lists(ids: Sequence[UUID]) -> None:
    """Take away the uploaded lists in which these members stood, where their import is over."""
    held = await fetch(
        f"SELECT file, rejects FROM import_upload WHERE batch IN ({_BATCHES}) AND state = 'done' FOR UPDATE", list(ids)
    )
    if held:
        await execute(_LISTS, list(ids))
        await delete_files([id_ for row in held for id_ in row if id_ is not None])


async def sweep() -> None:
    """Empty once more who was erased of late: what others were writing at that very moment came after."""

    async def work() -> None:
        rows = await fetch("SELECT id FROM member WHERE erased_at > $1 ORDER BY id FOR UPDATE", clock.now() - SWEPT)
        await _empty([row["id"] for row in rows])

    await in_transaction(work)
