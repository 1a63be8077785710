"""Phone numbers to E.164; a plain mainland mobile by one pattern, all others by libphonenumber's data."""

from __future__ import annotations

import re

from tessera.members.normalise.e164 import Phone
from tessera.members.normalise.plain import ROUNDED, Unusable, plain, rounded
from tessera_hooks import _

_USUAL = re.compile(r"\s*'?\s*(?:(?:\+|00)?86[ -]*)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})(?:\.0)?\s*").fullmatch
_MOBILE = re.compile(r"(?:(?:\+|00)86|86)?(1[3-9][0-9]{9})").fullmatch
_SEVERAL = re.compile(r"1[3-9][0-9]{9}[^0-9]+(?:\+?86)?1[3-9][0-9]{9}").search
_SEPARATORS = str.maketrans("", "", " -‐‑‒–—―.·()/_")
_FRACTION = re.compile(r"(\+?[0-9]+)\.0+").fullmatch
"""A number that a spreadsheet took for a measure; with another separator before it, a last group of zeros is one."""


def normalise_phone(text: str, region: str = "CN") -> Phone:
    """The number in E.164.

    ``region`` is the country of numbers written without a country code. Mainland mobiles are
    recognised by GB numbering alone (11 digits beginning 13 to 19), so that a range opened after the
    library's last release is not refused. Raises ``Unusable``.
    """
    if region == "CN" and (usual := _USUAL(text)):
        return Phone("+86" + usual[1] + usual[2] + usual[3], "mobile")
    text = plain(text).lstrip("'‘’`\" ").rstrip("'’\" ;,")
    if measure := _FRACTION(text):
        text = measure[1]
    if ROUNDED.fullmatch(text):
        text = _unrounded(text)
    digits = text.translate(_SEPARATORS)
    if (mobile := _MOBILE(digits)) and (region == "CN" or digits.startswith(("+86", "0086"))):
        return Phone("+86" + mobile[1], "mobile")
    if _SEVERAL(text):
        raise Unusable(_("two numbers stand in one cell: keep one"))
    from tessera.members.normalise.worldwide import by_library  # its data is large, and plain mobiles need none of it

    return by_library(text, digits, region)


def _unrounded(text: str) -> str:
    """A number in exponent form, if all of its digits are still there."""
    mantissa, _e, exponent = text.lower().partition("e")
    whole, _dot, fraction = mantissa.partition(".")
    if len(fraction) != int(exponent) or len(fraction) < 8:
        raise rounded()
    return whole + fraction
