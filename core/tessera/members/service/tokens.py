"""The token table: what a name search finds a member by, derived from their name, number and phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from tessera.kernel.database import copy_records, execute, fetch
from tessera.members import names

COLUMNS = ("token", "name_key", "member")

_NUMBERS = """
WITH RECURSIVE line AS (
    SELECT o.id, o.number FROM member o WHERE o.merged_into = m.id
    UNION ALL SELECT o.id, o.number FROM member o JOIN line ON o.merged_into = line.id
)
SELECT number FROM line
"""
"""The numbers of those who were merged into a member ``m``."""

_SEARCHED = """
SELECT c.value #>> '{}' FROM member_custom c JOIN custom_field f ON f.id = c.field
WHERE c.member = m.id AND c.value IS NOT NULL AND f.kind = 'text' AND f.searchable AND f.active
"""
"""What stands in the fields of a member ``m`` that the business lets people search."""

LONGEST_TOKEN = 60
LONGEST_SPOKEN = 60
"""Characters up to which a text is found by its pinyin and initials too."""


def token_rows(
    member: UUID, name: str, name_key: str, number: str, tails: Iterable[str]
) -> list[tuple[str, str, UUID]]:
    """The rows for one member."""
    words = names.tokens(name, None, number) if name else names.tokens("", None, number)
    words.update(tail for tail in tails if tail)
    return [(word, name_key, member) for word in words]


def searchable_words(text: str) -> set[str]:
    """What the one search box finds a member by who has this text in a searched field."""
    words = names.tokens(text) if len(text) <= LONGEST_SPOKEN else set(names.query_tokens(text))
    return {word[:LONGEST_TOKEN] for word in words}


async def write_tokens(rows: Sequence[tuple[str, str, UUID]]) -> None:
    """Load the rows of new members."""
    if rows:
        await copy_records("member_token", rows, COLUMNS)


async def refresh_tokens(members: Sequence[UUID]) -> None:
    """Derive the tokens of members anew from what is stored of them now.

    The numbers of those who were merged into a member lead to that member; who was merged has none.
    """
    if not members:
        return
    await execute("DELETE FROM member_token WHERE member = ANY($1)", list(members))
    found = await fetch(
        "SELECT m.id, m.name, m.name_key, m.number, array("
        "  SELECT i.tail FROM identity i WHERE i.member = m.id AND i.kind = 'phone'"
        "  UNION SELECT c.tail FROM contact c WHERE c.member = m.id AND c.kind = 'phone') AS tails, "
        f"array({_NUMBERS}) AS numbers, array({_SEARCHED}) AS searched "
        "FROM member m WHERE m.id = ANY($1) AND m.merged_into IS NULL AND m.erased_at IS NULL",
        list(members),
    )
    rows: list[tuple[str, str, UUID]] = []
    for row in found:
        words = [*row["tails"], *row["numbers"], *(w for text in row["searched"] for w in searchable_words(text))]
        rows += token_rows(row["id"], row["name"], row["name_key"], row["number"], words)
    await write_tokens(rows)
