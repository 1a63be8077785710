"""Checking what people typed about a member: every wrong field is named at once, none is guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from tessera.access import sealing
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.errors import Conflict, FieldError, Invalid
from tessera.kernel.texts import LOCALES
from tessera.members import identities
from tessera.members.normalise import Birthday, Unusable, parse_birthday, parse_date, plain
from tessera_hooks import Text, _

T = TypeVar("T")

LONGEST_SOURCE = 100
LONGEST_TEXT = 2000


class MaskedValue(Invalid):
    """A masked value came back as if it were the value."""

    code = "masked_value"


class IdentityTaken(Conflict):
    """A phone, address or id identifies another member; ``member`` says whom, where that may be seen."""

    code = "identity_taken"


@dataclass
class Checks:
    """Takes values one by one, and refuses all wrong ones together."""

    errors: list[FieldError] = field(default_factory=list)

    def take(self, name: str, text: str | None, parse: Callable[[str], T]) -> T | None:
        """The value of a field, ``None`` where it is empty or wrong."""
        if text is None or not text.strip():
            return None
        if sealing.is_masked(text):
            message = _("this value is masked: leave it out, or send the whole one")
            raise MaskedValue(message, [FieldError(name, message)])
        try:
            return parse(text)
        except Unusable as refusal:
            self.wrong(name, refusal.reason)
        except Invalid as refusal:
            self.wrong(name, refusal.message)
        return None

    def wrong(self, name: str, message: str) -> None:
        """Note what is wrong with a field."""
        self.errors.append(FieldError(name, message))

    def finish(self) -> None:
        """Refuse if anything was wrong."""
        if self.errors:
            sentence = self.errors[0].message if len(self.errors) == 1 else _("Some values cannot be accepted.")
            raise Invalid(sentence, self.errors)


def identity_of(kind: str) -> Callable[[str], identities.Known]:
    """A parser for one kind of identity."""
    return lambda text: identities.identity(kind, text)


def birthday_of(text: str) -> Birthday:
    """A birthday that is not after today in the business's zone."""
    return parse_birthday(text, business().today())


def joined_of(text: str) -> date:
    """The day someone joined: no later than today; an RFC 3339 moment gives its day in the business's zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    aware = moment is not None and moment.tzinfo is not None
    day = clock.local_day(moment, business().timezone) if moment is not None and aware else parse_date(text)
    if day > business().today():
        raise Unusable(_("this day lies in the future"))
    return day


def one_of(known: Sequence[str], message: Text) -> Callable[[str], str]:
    """A parser that takes the given words only."""

    def parse(text: str) -> str:
        if text not in known:
            raise Unusable(message)
        return text

    return parse


def short_text(longest: int) -> Callable[[str], str]:
    """A parser for one line of words."""

    def parse(text: str) -> str:
        cleaned = plain(text)
        if len(cleaned) > longest:
            raise Unusable(_("at most {limit} characters", limit=longest))
        return cleaned

    return parse


def language_of(text: str) -> str:
    """A language that Tessera speaks."""
    return one_of(list(LOCALES), _("choose one of: {known}", known=", ".join(LOCALES)))(text)


def timezone_of(text: str) -> str:
    """An IANA zone."""
    clock.zone(text)
    return text


def taken(field_name: str, holder: UUID | None) -> IdentityTaken:
    """The refusal of an identity that another member has; ``holder`` only where the actor may see them."""
    if holder is None:
        return IdentityTaken(_("This is taken by someone else: ask the member to confirm it."), field=field_name)
    return IdentityTaken(_("This belongs to another member already."), field=field_name, member=str(holder))
