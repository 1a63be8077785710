"""The token table: what a name search finds a member by, derived from their name, number and phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from tessera.kernel.database import copy_records, execute, fetch
from tessera.members import names

COLUMNS = ("token", "name_key", "member")


def token_rows(
    member: UUID, name: str, name_key: str, number: str, tails: Iterable[str]
) -> list[tuple[str, str, UUID]]:
    """The rows for one member."""
    words = names.tokens(name, None, number) if name else names.tokens("", None, number)
    words.update(tail for tail in tails if tail)
    return [(word, name_key, member) for word in words]


async def write_tokens(rows: Sequence[tuple[str, str, UUID]]) -> None:
    """Load the rows of new members."""
    if rows:
        await copy_records("member_token", rows, COLUMNS)


async def refresh_tokens(members: Sequence[UUID]) -> None:
    """Derive the tokens of members anew from what is stored of them now."""
    if not members:
        return
    await execute("DELETE FROM member_token WHERE member = ANY($1)", list(members))
    found = await fetch(
        "SELECT m.id, m.name, m.name_key, m.number, array("
        "  SELECT i.tail FROM identity i WHERE i.member = m.id AND i.kind = 'phone'"
        "  UNION SELECT c.tail FROM contact c WHERE c.member = m.id AND c.kind = 'phone') AS tails "
        "FROM member m WHERE m.id = ANY($1)",
        list(members),
    )
    rows: list[tuple[str, str, UUID]] = []
    for row in found:
        rows += token_rows(row["id"], row["name"], row["name_key"], row["number"], row["tails"])
    await write_tokens(rows)
