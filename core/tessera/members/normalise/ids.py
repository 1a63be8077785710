"""E-mail addresses, resident ids, passports and permits, cards and ids of other systems."""

from __future__ import annotations

import datetime
import re
from typing import Literal

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from tessera.members.normalise.plain import ROUNDED, Unusable, plain, rounded
from tessera_hooks import _

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*").fullmatch
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?").fullmatch
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}").fullmatch
_WHOLE_FLOAT = re.compile(r"(\d+)\.0").fullmatch
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]").fullmatch
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{6,9}").fullmatch
_HOME_RETURN = re.compile(r"[HM][0-9]{8}([0-9]{2})?").fullmatch
_TAIWAN = re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?").fullmatch
_PERMANENT_2017 = re.compile(r"[A-Z]{3}[0-9]{12}").fullmatch
_RESIDENCE = re.compile(r"(81|82|83)0000|9[0-9]{5}").match
_LONGEST_ID = 64


def normalise_email(text: str) -> str:
    """The address as mail is sent to it: domain in lower case and IDNA, the local part as written.

    Dot-atoms of RFC 5321 only, at most 64 and 254 characters; quoted and non-ASCII local parts are
    refused because few servers take them. Raises ``Unusable``.
    """
    address = plain(text)
    if address.lower().startswith("mailto:"):
        address = address[7:]
    local, at, domain = address.rpartition("@")
    if not at or "@" in local:
        raise Unusable(_("an e-mail address has one @"))
    if not local.isascii():
        raise Unusable(_("before the @ stand characters that mail cannot carry"))
    if len(local) > 64 or not _LOCAL(local):
        raise Unusable(_("what stands before the @ is no mailbox name"))
    host = _host(domain)
    if len(local) + 1 + len(host) > 254:
        raise Unusable(_("this e-mail address is too long"))
    return f"{local}@{host}"


def email_key(address: str) -> str:
    """The form in which two spellings of a normalised address are the same mailbox: all lower-case.

    Servers may tell local parts apart by case (RFC 5321); none in practice does, and people do not.
    """
    return address.lower()


def normalise_resident_id(text: str) -> str:
    """A resident identity number of 18 characters, upper-case.

    GB 11643-1999: length, date of birth, and check character by ISO 7064 MOD 11-2. The place code is
    not looked up, since lists of counties go stale. Raises ``Unusable``.
    """
    number = _document(text)
    if len(number) == 15 and number.isdigit():
        raise Unusable(_("this is a resident id of the first generation: ask for the one of 18 characters"))
    if len(number) != 18:
        raise Unusable(_("a resident id has 18 characters, this has {characters}", characters=len(number)))
    if not _RESIDENT(number):
        raise Unusable(_("a resident id is 17 digits and a digit or X"))
    _check_resident(number)
    return number


def told_by_resident_id(number: str) -> tuple[datetime.date, Literal["female", "male"]]:
    """The date of birth and the sex that a normalised resident id tells: the 17th digit is odd for men."""
    born: datetime.date = ric.get_birth_date(number)
    return born, "male" if int(number[16]) % 2 else "female"


def normalise_passport(text: str) -> str:
    """A passport number, upper-case: six to nine letters and digits, at least one digit.

    ICAO Doc 9303 gives the number nine places; what stands in them differs from country to country and
    is not checked. Raises ``Unusable``.
    """
    number = _document(text)
    if not _PASSPORT(number):
        raise Unusable(_("a passport number has six to nine letters and digits"))
    return number


def normalise_permit(text: str) -> str:
    """The number of a permit that stands for an identity card in mainland China, upper-case.

    Travel permits of residents of Hong Kong and Macao (H or M and eight digits, two more in older ones)
    and of Taiwan (eight digits, in older ones ten and a letter) are known by their form alone. Residence
    permits of all three (place codes 810000, 820000, 830000) and the foreign permanent resident id card
    since 2023 (first digit 9) have 18 characters with date of birth and check character as GB 11643-1999
    has them; the card before, three letters and twelve digits. Forms as the National Immigration
    Administration of China published them. Raises ``Unusable``.
    """
    number = _document(text).replace("(", "").replace(")", "")
    if _HOME_RETURN(number) or _TAIWAN(number) or _PERMANENT_2017(number):
        return number
    if _RESIDENT(number) and _RESIDENCE(number):
        _check_resident(number)
        return number
    raise Unusable(_("this is no number of a travel or residence permit"))


def _document(text: str) -> str:
    """The number of an official document without what separates its groups."""
    number = plain(text).upper().lstrip("'").replace(" ", "").replace("-", "")
    if ROUNDED.fullmatch(number) and "+" in number:
        raise rounded()
    return number


def _check_resident(number: str) -> None:
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        raise Unusable(_("the date of birth in this resident id does not exist")) from None
    if ric.calc_check_digit(number) != number[-1]:
        raise Unusable(_("the check character of this resident id is wrong: a digit is mistyped")) from None


def normalise_external_id(text: str) -> str:
    """A card number or the id of another system: trimmed, NFKC, case kept; ``13607.0`` is ``13607``.

    Raises ``Unusable`` for an empty or rounded one and for more than 64 characters.
    """
    value = plain(text).lstrip("'")
    if not value:
        raise Unusable(_("the id is empty"))
    if ROUNDED.fullmatch(value) and "+" in value:
        raise rounded()
    if len(value) > _LONGEST_ID:
        raise Unusable(_("an id has at most {limit} characters", limit=_LONGEST_ID))
    whole = _WHOLE_FLOAT(value)
    return whole[1] if whole else value


def _host(domain: str) -> str:
    try:
        host = domain.lower().encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL(label) for label in labels) or not _TOP(labels[-1]):
        raise Unusable(_("what stands after the @ is no mail domain"))
    return host
