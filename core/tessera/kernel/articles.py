"""What an article number means: the same goods are written with 8, 12, 13 or 14 digits."""

from __future__ import annotations

from stdnum import ean

LENGTHS = (8, 12, 13, 14)
"""Digits of a GTIN (GS1 General Specifications): EAN-8, UPC-A, EAN-13 and GTIN-14."""


def article(sku: str | None) -> str | None:
    """What equal articles meet under: the GTIN with 14 digits, padded left, where a number is one.

    A number of another length or with a wrong check digit is the business's own and stays as it is.
    """
    if sku is None:
        return None
    digits = ean.compact(sku)
    is_gtin = len(digits) in LENGTHS and digits.isascii() and digits.isdecimal() and ean.is_valid(digits)
    return digits.zfill(14) if is_gtin else sku
