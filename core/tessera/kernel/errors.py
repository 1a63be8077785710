"""What can be refused, each with a stable code; how a refusal looks on a page or in JSON is the web's matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tessera_hooks.texts import Text


class CannotRun(Exception):
    """A command or the start cannot go on; the message is one sentence that says what to do."""


class DomainError(Exception):
    """A refusal with a stable ``code``, one sentence, and facts that a program may use."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    @property
    def text(self) -> Text:
        """The sentence as it is kept and said in any language, also where it was raised as a plain string."""
        return self.message if isinstance(self.message, Text) else Text(self.message)


class NotFound(DomainError):
    """The thing is not there, or not there for this person: the two are never told apart."""

    code = "not_found"


class Conflict(DomainError):
    """What is asked does not go together with what already is."""

    code = "conflict"


class Forbidden(DomainError):
    """The person is known and may not do this."""

    code = "forbidden"


class Unauthenticated(DomainError):
    """Nobody is signed in, or the key is wrong."""

    code = "unauthenticated"


class TooLarge(DomainError):
    """The input is larger than is accepted."""

    code = "too_large"


class TooMany(DomainError):
    """Too many attempts; ``retry_after`` says in how many seconds to come back."""

    code = "too_many"

    def __init__(self, message: str, retry_after: int, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part that is needed does not answer at present."""

    code = "unavailable"


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of an input."""

    field: str
    message: str


class Invalid(DomainError):
    """Values that cannot be accepted, field by field."""

    code = "invalid"

    def __init__(self, message: str, errors: Sequence[FieldError] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.errors = list(errors)
