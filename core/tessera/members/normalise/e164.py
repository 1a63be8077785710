"""What a phone number is once it is understood."""

from __future__ import annotations

from typing import Literal, NamedTuple

PhoneKind = Literal["mobile", "fixed", "either", "other"]


class Phone(NamedTuple):
    """A number in E.164 and what it reaches; ``either`` where the country's numbers do not tell."""

    e164: str
    kind: PhoneKind
