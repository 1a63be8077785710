"""The code on a receipt by which a sale without a member is claimed later."""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 or O, no 1, I or L, no U: nothing that is misread on a receipt, or read as a word."""

LENGTH = 10
"""Characters of a code: 30 to the tenth are some 6 × 10^14, so that guessing finds nobody's receipt."""


def new_code() -> str:
    """A code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))


def code_of(typed: str) -> str | None:
    """A code as someone typed or scanned it, blanks and hyphens left out; ``None`` for what cannot be one."""
    code = "".join(letter for letter in typed.upper() if letter not in " -\u2010\u2011\u2013\u00a0")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def shown_code(code: str) -> str:
    """A code as it is printed, in two groups."""
    return f"{code[:5]}-{code[5:]}"
