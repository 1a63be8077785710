"""Where points meet the hooks."""

from __future__ import annotations

from datetime import timedelta

from tessera.points import events as declared
from tessera.points import verification  # noqa: F401 - registers the long job
from tessera.points.cards import points_card
from tessera.points.facts import FACTS
from tessera.points.service import book_all_expired
from tessera_hooks import Event, Fact, Job, Slot, hookimpl


@hookimpl
def events() -> list[Event]:
    return declared.EVENTS


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def slots() -> list[Slot]:
    return [
        Slot("member.figure", "points/figure.html", points_card, permission="points.read"),
        Slot("member.card", "points/card.html", points_card, permission="points.read"),
    ]


@hookimpl
def jobs() -> list[Job]:
    return [Job("points.expiry", timedelta(hours=1), book_all_expired)]
