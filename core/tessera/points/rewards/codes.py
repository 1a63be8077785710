"""Codes by which something is picked up: short enough to say, too many to guess."""

from __future__ import annotations

import secrets

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What nobody takes for something else: no 0 and O, 1, I and L, no U and V side by side."""

LENGTH = 8
"""Thirty letters in eight places: 6.5e11 codes, so that a thousand guesses among a million hit one in 650."""


def new_code() -> str:
    """A code that nobody can foresee."""
    return "".join(secrets.choice(LETTERS) for _place in range(LENGTH))


def typed(text: str) -> str:
    """A code as someone typed or scanned it: without spaces and dashes, in capitals."""
    return "".join(sign for sign in text.upper() if sign.isalnum())[:40]


def spoken(code: str) -> str:
    """A code in two groups, as it is read out."""
    return f"{code[:4]} {code[4:]}"
