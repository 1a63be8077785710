"""Consents of two members: the more restrictive word stands, and every word that was ever said is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.members.service.agreeing import most_restrictive
from tessera.members.service.consents import NEVER_ASKED

_SAID = "purpose, channel, state, source, wording, given_by, guardian, at, batch"

_REMEMBER = f"""
INSERT INTO consent_word (id, member, {_SAID}, actor)
SELECT gen_random_uuid(), c.member, {", ".join(f"c.{name}" for name in _SAID.split(", "))}, '' FROM consent c
WHERE c.member = ANY($1) AND NOT EXISTS (
    SELECT 1 FROM consent_word w WHERE w.member = c.member AND (w.purpose, w.channel, w.state) =
    (c.purpose, c.channel, c.state) AND w.at >= c.at)
"""
"""What was said last stands among the words too: from these it is said again when a merge is undone."""

_WORDS = """
SELECT o.id, o.purpose, o.channel, o.state, s.state AS before FROM consent o
LEFT JOIN consent s ON s.member = $1 AND (s.purpose, s.channel) = (o.purpose, o.channel)
WHERE o.member = $2 ORDER BY o.purpose, o.channel
"""

_TAKE = f"""
INSERT INTO consent (id, member, {_SAID}) SELECT $1, $2, {_SAID} FROM consent WHERE id = $3
ON CONFLICT (member, purpose, channel) DO UPDATE SET
{", ".join(f"{name} = excluded.{name}" for name in _SAID.split(", ")[2:])}
"""

_LAST_WORD = f"""
INSERT INTO consent (id, member, {_SAID})
SELECT gen_random_uuid(), w.member, {", ".join(f"w.{name}" for name in _SAID.split(", "))} FROM consent_word w
WHERE w.member = $1 AND (w.purpose, w.channel) = ($2, $3) ORDER BY w.at DESC, w.id DESC LIMIT 1
"""


async def take_consents(survivor: UUID, other: UUID) -> dict[str, Any]:
    """Let the survivor's consents be the more restrictive of both, and tell of those that changed.

    Nothing said by one counts as the other's word. The other's own rows stay where they are.
    """
    await execute(_REMEMBER, [survivor, other])
    taken = [row for row in await fetch(_WORDS, survivor, other) if _is_stricter(row)]
    for row in taken:
        await execute(_TAKE, uuid7(), survivor, row["id"])
        if row["before"] is not None:
            await _tell(survivor, row["purpose"], row["channel"], row["state"])
    words = await fetch("UPDATE consent_word SET member = $2 WHERE member = $1 RETURNING id", other, survivor)
    return {"taken": [[row["purpose"], row["channel"]] for row in taken], "words": [row["id"] for row in words]}


def _is_stricter(row: Any) -> bool:
    """Whether the other's word stands where both said something, or only the other did."""
    before = row["before"] or NEVER_ASKED
    return most_restrictive(before, row["state"]) != before


async def give_back_consents(survivor: UUID, other: UUID, kept: Mapping[str, Any]) -> None:
    """Let both have said what each said themselves; a word that the survivor said since stays."""
    await execute(
        "UPDATE consent_word SET member = $2 WHERE member = $1 AND id = ANY($3)",
        survivor,
        other,
        [UUID(text) for text in kept["words"]],
    )
    for purpose, channel in kept["taken"]:
        since = await fetch(
            "SELECT s.state FROM consent s JOIN consent o ON o.member = $2 AND (o.purpose, o.channel, o.at, o.state) = "
            "(s.purpose, s.channel, s.at, s.state) WHERE s.member = $1 AND (s.purpose, s.channel) = ($3, $4)",
            survivor,
            other,
            purpose,
            channel,
        )
        if since:
            await execute(
                "DELETE FROM consent WHERE member = $1 AND (purpose, channel) = ($2, $3)", survivor, purpose, channel
            )
            await execute(_LAST_WORD, survivor, purpose, channel)
            said = await fetch(
                "SELECT state FROM consent WHERE member = $1 AND (purpose, channel) = ($2, $3)",
                survivor,
                purpose,
                channel,
            )
            if not said or said[0]["state"] != since[0]["state"]:
                await _tell(survivor, purpose, channel, said[0]["state"] if said else "never_asked")


async def _tell(member: UUID, purpose: str, channel: str, state: str) -> None:
    await emit("member.consent_changed", member=member, purpose=purpose, channel=channel, state=state, source="merge")
