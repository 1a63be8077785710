"""How members' fields, genders, stages and consents are called."""

from __future__ import annotations

from tessera_hooks import Text, _

FIELDS: dict[str, Text] = {
    "name": _("Full name"),
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
    "tags": _("Tags"),
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


SAID_AT: dict[str, Text] = {
    "desk": _("at the desk"),
    "api": _("by a program"),
    "import": _("in a list"),
    "unsubscribe": _("by the link in a message"),
}
"""Where a word about a consent was said; a list's own words stand as they are."""

TIES: dict[str, Text] = {
    "guardian": _("Guardian"),
    "child": _("Child"),
    "payer": _("Payer"),
    "paid_for": _("Paid for by this member"),
    "household": _("Same household"),
    "employer": _("Employer"),
    "employee": _("Employee"),
    "referrer": _("Invited this member"),
    "referred": _("Was invited by this member"),
}
"""What another is to a member."""


SOURCES: tuple[Text, ...] = (
    _("Walked in"),
    _("A friend"),
    _("A leaflet"),
    _("The website"),
    _("WeChat"),
    _("Douyin"),
    _("Xiaohongshu"),
    _("Dianping"),
    _("An event"),
)
"""Ways in which people come, offered to whoever writes it down; any other words do as well."""


def stage_label(stage: str) -> Text:
    """A stage in words."""
    return STAGES.get(stage, Text(stage))
