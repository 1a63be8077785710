"""Phone numbers to E.164; a plain mainland mobile by one pattern, all others by libphonenumber's data."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from tessera.members.normalise.plain import ROUNDED, Unusable, plain, rounded
from tessera_hooks import Text, _

PhoneKind = Literal["mobile", "fixed", "either", "other"]


class Phone(NamedTuple):
    """A number in E.164 and what it reaches; ``either`` where the country's numbers do not tell."""

    e164: str
    kind: PhoneKind


_USUAL = re.compile(r"\s*'?\s*(?:(?:\+|00)?86[ -]*)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})(?:\.0)?\s*").fullmatch
_MOBILE = re.compile(r"(?:(?:\+|00)86|86)?(1[3-9][0-9]{9})").fullmatch
_SEVERAL = re.compile(r"1[3-9][0-9]{9}[^0-9]+(?:\+?86)?1[3-9][0-9]{9}").search
_SEPARATORS = str.maketrans("", "", " -‐‑‒–—―.·()/_")
_FRACTION = re.compile(r"\.0+$")
_KINDS: dict[int, PhoneKind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "either",
}


def normalise_phone(text: str, region: str = "CN") -> Phone:
    """The number in E.164.

    ``region`` is the country of numbers written without a country code. Mainland mobiles are
    recognised by GB numbering alone (11 digits beginning 13 to 19), so that a range opened after the
    library's last release is not refused. Raises ``Unusable``.
    """
    if region == "CN" and (usual := _USUAL(text)):
        return Phone("+86" + usual[1] + usual[2] + usual[3], "mobile")
    text = _FRACTION.sub("", plain(text).lstrip("'‘’`\" ").rstrip("'’\" ;,"))
    if ROUNDED.fullmatch(text):
        text = _unrounded(text)
    digits = text.translate(_SEPARATORS)
    if (mobile := _MOBILE(digits)) and (region == "CN" or digits.startswith(("+86", "0086"))):
        return Phone("+86" + mobile[1], "mobile")
    if _SEVERAL(text):
        raise Unusable(_("two numbers stand in one cell: keep one"))
    return _by_library(text, digits, region)


def _unrounded(text: str) -> str:
    """A number in exponent form, if all of its digits are still there."""
    mantissa, _e, exponent = text.lower().partition("e")
    whole, _dot, fraction = mantissa.partition(".")
    if len(fraction) != int(exponent) or len(fraction) < 8:
        raise rounded()
    return whole + fraction


def _by_library(text: str, digits: str, region: str) -> Phone:
    if not any(character.isdigit() for character in digits):
        raise Unusable(_("this is no phone number"))
    try:
        number = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, region)
    except NumberParseException:
        raise Unusable(_no_number(digits, region)) from None
    if number.extension:
        raise Unusable(_("this number has an extension: keep the number alone"))
    if not phonenumbers.is_valid_number(number):
        raise Unusable(_invalid(number, digits, region))
    kind = _KINDS.get(phonenumbers.number_type(number), "other")
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind)


def _no_number(digits: str, region: str) -> Text:
    if digits.startswith("+"):
        return _("this begins with no country's code")
    if len(digits) < 5:
        return _("this is too short for a phone number")
    return _mainland_reason(digits) if region == "CN" else _("this is no phone number")


def _invalid(number: PhoneNumber, digits: str, region: str) -> Text:
    if region == "CN" and digits.isdigit():
        return _mainland_reason(digits)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == ValidationResult.TOO_SHORT:
        return _("this is too short for a phone number")
    if possible == ValidationResult.TOO_LONG:
        return _("this is too long for a phone number")
    return _("no such number is in use in its country")


def _mainland_reason(digits: str) -> Text:
    if digits.startswith("1") and len(digits) != 11 and digits[1:2] in tuple("3456789"):
        return _("a mainland mobile has 11 digits, this has {digits}", digits=len(digits))
    if digits.startswith("1") and len(digits) == 11:
        return _("no mainland mobile begins with {start}", start=digits[:2])
    if len(digits) < 7:
        return _("this is too short for a phone number")
    if len(digits) > 12:
        return _("this is too long for a phone number")
    return _("this is neither a mainland mobile nor a number with its area code")
