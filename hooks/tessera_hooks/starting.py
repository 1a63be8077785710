"""What a business starts with: the first set of its industry, and invented records for a demonstration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class StarterSet:
    """What a new business of this industry begins with; ``apply`` may run twice without harm."""

    title: Text
    description: Text
    apply: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class SampleData:
    """Invented records for a demonstration; ``create(member_ids)`` is awaited once, in a transaction."""

    create: Callable[[Sequence[UUID]], Awaitable[None]]


@hookspec
def starter_set() -> StarterSet | None:
    """Offer what a new business of this industry begins with.

    Called once at start; ``apply`` is awaited when the integrator chooses it on the first-run page.

    Example::

        @hookimpl
        def starter_set():
            return StarterSet(_("Gym"), _("Switches on the reminder."), service.start)
    """


@hookspec
def sample_data() -> SampleData | None:
    """Offer invented records for demonstrations.

    Called once at start; ``create`` is awaited by ``tessera demo`` with the members it made.

    Example::

        @hookimpl
        def sample_data():
            return SampleData(samples.create)
    """
