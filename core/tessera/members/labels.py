"""How members' fields, genders, stages and consents are called."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date, format_skeleton

from tessera.kernel.texts import current_locale, translate
from tessera.members.normalise import Birthday
from tessera_hooks import Text, _

FIELDS: dict[str, Text] = {
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "birthday": _("Birthday"),
    "gender": _("Gender"),
    "address": _("Address"),
    "language": _("Language"),
    "timezone": _("Time zone"),
    "store": _("Store"),
    "source": _("How they came"),
    "joined_on": _("Member since"),
    "identities": _("Cards and ids"),
    "note": _("Note"),
    "stage": _("Stage"),
}

GENDERS: dict[str, Text] = {"female": _("Female"), "male": _("Male"), "other": _("Other")}

STAGES: dict[str, Text] = {
    "prospect": _("Prospect"),
    "new": _("New"),
    "active": _("Active"),
    "dormant": _("Dormant"),
    "lost": _("Lost"),
}

STAGE_TONES = {"prospect": "blue", "new": "green", "active": "green", "dormant": "orange", "lost": "secondary"}
"""The colour of each stage's badge."""

PURPOSES: dict[str, Text] = {"marketing": _("Offers and news"), "service": _("Service messages")}

CHANNELS: dict[str, Text] = {"email": _("e-mail"), "sms": _("text message"), "wechat": _("WeChat")}

STATES: dict[str, Text] = {"granted": _("agreed"), "refused": _("refused"), "never_asked": _("never asked")}


def stage_label(stage: str) -> Text:
    """A stage in words."""
    return STAGES.get(stage, Text(stage))


def gender_label(gender: str | None) -> Text:
    """A gender in words; nothing where it is not known."""
    return GENDERS.get(gender, Text(gender)) if gender else Text("")


def birthday_label(birthday: Birthday | None, age: int | None = None) -> str:
    """A birthday as people read it, with the age where the year is known."""
    if birthday is None:
        return ""
    if birthday.year is None:
        leap = date(2000, birthday.month, birthday.day)
        return str(format_skeleton("MMMd", leap, locale=current_locale()))
    shown = str(format_date(date(birthday.year, birthday.month, birthday.day), "medium", locale=current_locale()))
    return shown if age is None else translate(_("{day} ({age} years)", day=shown, age=age))
