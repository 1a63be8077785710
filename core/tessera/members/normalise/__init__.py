"""What people and spreadsheets write, as one value each; what cannot be used is refused with its reason."""

from tessera.members.normalise.dates import Birthday, parse_birthday, parse_date
from tessera.members.normalise.e164 import Phone
from tessera.members.normalise.ids import (
    email_key,
    normalise_email,
    normalise_external_id,
    normalise_passport,
    normalise_permit,
    normalise_resident_id,
    told_by_resident_id,
)
from tessera.members.normalise.lunar import LunarDay, LunarMonth
from tessera.members.normalise.moments import parse_moment
from tessera.members.normalise.phones import normalise_phone
from tessera.members.normalise.plain import Unusable, plain
from tessera.members.normalise.words import (
    Consent,
    Gender,
    normalise_consent,
    normalise_gender,
    normalise_name,
    parse_amount,
)

__all__ = [
    "Birthday",
    "Consent",
    "Gender",
    "LunarDay",
    "LunarMonth",
    "Phone",
    "Unusable",
    "email_key",
    "normalise_consent",
    "normalise_email",
    "normalise_external_id",
    "normalise_gender",
    "normalise_name",
    "normalise_passport",
    "normalise_permit",
    "normalise_phone",
    "normalise_resident_id",
    "parse_amount",
    "parse_birthday",
    "parse_date",
    "parse_moment",
    "plain",
    "told_by_resident_id",
]
