"""What happens, and what is done about it: events, reactions to them, and work that comes round."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class Happened:
    """One committed event as a reaction sees it; ``id`` is constant over deliveries."""

    id: UUID
    position: int
    kind: str
    version: int
    origin: Literal["live", "import"]
    member: UUID | None
    store: UUID | None
    occurred_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class TimelineEntry:
    """How one event reads on a member's timeline."""

    title: Text
    detail: str = ""
    url: str | None = None


TimelineReader = Callable[[Sequence[Happened]], Awaitable[Mapping[UUID, TimelineEntry]]]


@dataclass(frozen=True)
class Event:
    """A kind of event. ``name`` without the plugin (``class_attended``); the kind is ``fitness.class_attended``.

    ``payload`` is a msgspec struct of ids, codes and numbers, never of personal values. ``timeline``
    reads many events at once; without it the title stands alone. ``on_timeline`` hides the technical.
    """

    name: str
    title: Text
    payload: type[msgspec.Struct]
    version: int = 1
    icon: str = "point"
    timeline: TimelineReader | None = None
    on_timeline: bool = True


@dataclass(frozen=True)
class Reaction:
    """What a plugin does after an event has been committed.

    ``handle`` is awaited at least once for each event, in a transaction that also notes that it was
    handled; it never reaches the network. Imported history is skipped unless ``history``. ``when`` is asked
    first, from memory alone: where it answers no, nothing is noted of the event.
    """

    name: str
    kinds: Sequence[str]
    handle: Callable[[Happened], Awaitable[None]]
    history: bool = False
    when: Callable[[Happened], bool] | None = None


@dataclass(frozen=True)
class Job:
    """Work that comes round: ``every`` a time span, or a cron line in the business's zone."""

    name: str
    every: timedelta | str
    run: Callable[[], Awaitable[None]]


@hookspec
def events() -> list[Event]:  # type: ignore[empty-body]
    """Declare the kinds of events that the plugin emits, beside those its record types bring.

    Called once at start. An event that was not declared cannot be emitted.

    Example::

        @hookimpl
        def events():
            return [Event("class_attended", _("Came to a class"), ClassAttended)]
    """


@hookspec
def reactions() -> list[Reaction]:  # type: ignore[empty-body]
    """React to events after they were committed.

    Called once at start; each reaction is then awaited at least once for every event it names.

    Example::

        @hookimpl
        def reactions():
            return [Reaction("welcome", ["member.created"], service.welcome)]
    """


@hookspec
def jobs() -> list[Job]:  # type: ignore[empty-body]
    """Declare work that comes round.

    Called once at start; a job may be run twice or missed, so it looks at what is due in its tables.

    Example::

        @hookimpl
        def jobs():
            return [Job("tidy", timedelta(hours=1), service.tidy)]
    """
