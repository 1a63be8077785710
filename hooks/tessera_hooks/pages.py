"""Pages, JSON endpoints, and pieces of the core's pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class Screen:
    """A page of the navigation: ``handlers`` are the web handlers below ``/<plugin>``; the first is linked."""

    name: str
    title: Text
    icon: str
    permission: str
    handlers: Sequence[Any]
    path: str = ""
    on_phone: bool = False


@dataclass(frozen=True)
class Slot:
    """A piece of a page at a named place.

    ``context(member_id)`` answers what ``template`` needs, or ``None`` for nothing.

    Places: on the member's page ``member.mark`` (a few words below the name, such as tags),
    ``member.warning`` (shown before all else: an allergy, an injury),
    ``member.figure`` (one number in the line below the name), ``member.action`` (a button), ``member.card``
    (what matters now) and ``member.profile`` (what is looked up now and then); ``till.customer`` (what a cashier
    should know of who stands there), ``home.card``.
    """

    place: Literal[
        "member.mark",
        "member.warning",
        "member.figure",
        "member.action",
        "member.card",
        "member.profile",
        "till.customer",
        "home.card",
    ]
    template: str
    context: Callable[[UUID | None], Awaitable[Mapping[str, Any] | None]]
    permission: str | None = None


@hookspec
def screens() -> list[Screen]:  # type: ignore[empty-body]
    """Bring pages and their place in the navigation.

    Called once at start; their handlers answer below ``/<plugin>`` where the plugin is enabled.

    Example::

        @hookimpl
        def screens():
            return [Screen("today", _("Today"), "calendar", "attend", handlers=[today])]
    """


@hookspec
def api() -> list[Any]:  # type: ignore[empty-body]
    """Bring JSON endpoints beside those of the record types.

    Called once at start; the answered web handlers answer below ``/api/v1/<plugin>`` where the plugin is enabled.
    Each states its permission, by its full name.

    Example::

        @hookimpl
        def api():
            return [list_lockers, rent_locker]
    """


@hookspec
def slots() -> list[Slot]:  # type: ignore[empty-body]
    """Put pieces into named places of the core's pages.

    Called once at start; a piece that raises is left out and reported, never the page.

    Example::

        @hookimpl
        def slots():
            return [Slot("member.card", "fitness/card.html", card_context)]
    """
