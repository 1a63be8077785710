"""Member numbers: in the order of joining, with a check digit that catches a slip of the finger."""

from __future__ import annotations

from stdnum import luhn

from tessera.kernel.database import fetch


def with_check_digit(count: int) -> str:
    """The member number of a count of the sequence: its digits and Luhn's check digit (ISO/IEC 7812-1)."""
    return f"{count}{luhn.calc_check_digit(str(count))}"


async def next_numbers(wanted: int) -> list[str]:
    """As many new member numbers; a number that is then not used is never given again."""
    rows = await fetch("SELECT nextval('member_number') AS count FROM generate_series(1, $1::int)", wanted)
    return [with_check_digit(row["count"]) for row in rows]
