"""E-mail addresses, resident ids, cards and ids of other systems."""

from __future__ import annotations

import re

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from tessera.members.normalise.plain import ROUNDED, Unusable, plain, rounded
from tessera_hooks import _

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*").fullmatch
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?").fullmatch
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}").fullmatch
_WHOLE_FLOAT = re.compile(r"(\d+)\.0").fullmatch
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]").fullmatch
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
    number = plain(text).upper().lstrip("'").replace(" ", "").replace("-", "")
    if ROUNDED.fullmatch(number):
        raise rounded()
    if len(number) == 15 and number.isdigit():
        raise Unusable(_("this is a resident id of the first generation: ask for the one of 18 characters"))
    if len(number) != 18:
        raise Unusable(_("a resident id has 18 characters, this has {characters}", characters=len(number)))
    if not _RESIDENT(number):
        raise Unusable(_("a resident id is 17 digits and a digit or X"))
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        raise Unusable(_("the date of birth in this resident id does not exist")) from None
    if ric.calc_check_digit(number) != number[-1]:
        raise Unusable(_("the check character of this resident id is wrong: a digit is mistyped")) from None
    return number


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
