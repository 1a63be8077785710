"""The codes of coupons: nobody guesses one, nobody mistakes a letter of one, and a slip of the finger shows.

A code is 15 characters at random and one that checks them, of an alphabet of 31 without 0, 1, I, L and O: 31 ** 15
codes, 74 bits. Where a million of them are good and one could try a thousand a second, it takes half a million
years to find one; looking up unknown codes is slowed down besides. The check character is a weighted sum modulo
31: for a prime, with weights that differ, it tells every single wrong character and every two that changed places.
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 16
GROUP = 4

_IGNORED = str.maketrans("", "", " -\t\u2010\u2011\u2013")


def new_code() -> str:
    """A code that was never there before, as it is kept."""
    body = "".join(secrets.choice(ALPHABET) for _place in range(LENGTH - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    """The character that makes a code of the 15 before it."""
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, start=1))
    return ALPHABET[total % len(ALPHABET)]


def kept(typed: str) -> str:
    """A code as it is compared: capitals without dashes and spaces, whatever was typed or scanned."""
    return typed.translate(_IGNORED).upper()[:40]


def is_well_formed(code: str) -> bool:
    """Whether a kept code can be one of ours: its letters and its check character."""
    return (
        len(code) == LENGTH
        and all(character in ALPHABET for character in code)
        and check_character(code[:-1]) == code[-1]
    )


def shown(code: str) -> str:
    """A code as people read it, in groups of four; one that came from another system as it is."""
    if not is_well_formed(code):
        return code
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))
