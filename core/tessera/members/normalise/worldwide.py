"""Phone numbers of the whole world, by libphonenumber's data."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from tessera.members.normalise.e164 import Phone, PhoneKind
from tessera.members.normalise.plain import Unusable
from tessera_hooks import Text, _

_KINDS: dict[int, PhoneKind] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "either",
}


def by_library(text: str, digits: str, region: str) -> Phone:
    """The number in E.164 as libphonenumber reads it. Raises ``Unusable``."""
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
