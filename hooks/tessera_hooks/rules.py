"""Workflows shipped as data, and the texts that they send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tessera_hooks.conditions import Condition, Param
from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class Parameter:
    """A number that the integrator may change, with its bounds (inclusive)."""

    name: str
    title: Text
    default: int
    low: int
    high: int


@dataclass(frozen=True)
class Daily:
    """A trigger: once a day at a wall-clock time of the business's zone."""

    at: str = "09:00"


@dataclass(frozen=True)
class Cause:
    """What a rule fires for, once: the value of a date fact, and the day it takes effect after it."""

    fact: str
    after_days: int | Param = 0


@dataclass(frozen=True)
class SendMessage:
    """An action: one message from a template, decided by consent like any other."""

    template: str


@dataclass(frozen=True)
class OpenTask:
    """An action: a task for a role."""

    title: Text
    role: str | None = None


@dataclass(frozen=True)
class AddTag:
    """An action: the member carries the tag from here on; it is made where there is none of that name."""

    tag: str


@dataclass(frozen=True)
class RemoveTag:
    """An action: the member carries the tag no more."""

    tag: str


@dataclass(frozen=True)
class MoveStage:
    """An action: the member moves to a stage, for a reason that people read."""

    stage: Literal["prospect", "new", "active", "dormant", "lost"]
    reason: Text


Action = SendMessage | OpenTask | AddTag | RemoveTag | MoveStage


@dataclass(frozen=True)
class Rule:
    """A workflow shipped as data; it does nothing until an integrator switches it on."""

    name: str
    title: Text
    description: Text
    trigger: Daily
    condition: Condition
    cause: Cause
    actions: Sequence[Action]
    parameters: Sequence[Parameter] = ()


@dataclass(frozen=True)
class MessageTemplate:
    """A message by language. ``purpose`` is what the member must have agreed to.

    Texts may use ``{{ member.name }}``, ``{{ business.name }}`` and ``{{ store.name }}``; never a
    sensitive value.
    """

    name: str
    title: Text
    purpose: str
    subject: Mapping[str, str]
    body: Mapping[str, str]


@hookspec
def rules() -> list[Rule]:  # type: ignore[empty-body]
    """Ship workflows as data, to be switched on by an integrator.

    Called once at start.

    Example::

        @hookimpl
        def rules():
            return [no_visit]
    """


@hookspec
def message_templates() -> list[MessageTemplate]:  # type: ignore[empty-body]
    """Ship texts that rules and staff may send; the integrator may change them.

    Called once at start.

    Example::

        @hookimpl
        def message_templates():
            return [we_miss_you]
    """
