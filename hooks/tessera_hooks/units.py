"""What the ledger may count: units, and when what is credited in them is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal
from uuid import UUID

import msgspec

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


class Expiry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a credit is gone; every boundary is a midnight of the business's zone.

    The day that follows is the last one on which it can be spent; it is gone at the midnight after it. A credit
    that opens later counts from the day it opens.

    ``never``; ``on`` the day ``day``; ``days``: ``n`` days after the day of the credit; ``months``: ``n``
    months later to the same day, clamped (31 January and one month: the end of 28 February);
    ``month_end``: ``n`` months later, at the end of that month (6 July 2020 and 12 months: 1 August 2021 at
    00:00); ``year_end``: at the end of the ``n``-th year, that of the credit being the first; ``inactivity``:
    everything, ``n`` days after the member last earned or spent anything of the unit.
    """

    kind: Literal["never", "on", "days", "months", "month_end", "year_end", "inactivity"] = "never"
    n: int = 0
    day: date | None = None


Labels = Callable[[Sequence[str]], Awaitable[Mapping[str, Text]]]

Worth = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Fraction]]]


@dataclass(frozen=True)
class Unit:
    """A unit of the ledger by its name without the plugin: ``stored_value`` of ``wallet`` is ``wallet.stored_value``.

    Amounts are whole numbers of the smallest part; ``scale`` says how many decimals people see. A ``family``
    is many units of one kind, told apart by what follows another dot (``wallet.stored_value.CNY``,
    ``wallet.sessions.yoga``); ``labels`` then tells how members of the family are called, by what follows the
    dot. ``money`` says that what follows is a currency, whose decimals count. ``expiry`` is used where a
    credit names no other. ``floor`` is how far below zero a debit may go: 0 or less; what is below zero is a
    debt. ``by_hand`` allows entries by hand through the page and the API; where it is false only the plugin books.
    ``worth`` tells the report of what the business owes what one unit of some credits is worth, by the
    ``source_id`` of the credits, in minor units of the business's currency; money needs none.
    """

    name: str
    title: Text
    scale: int = 0
    expiry: Expiry = field(default_factory=Expiry)
    floor: int = 0
    family: bool = False
    labels: Labels | None = None
    money: bool = False
    by_hand: bool = True
    worth: Worth | None = None


@hookspec
def units() -> list[Unit]:  # type: ignore[empty-body]
    """Declare what the ledger counts for the plugin, beside points.

    Called once at start. The name is given without the plugin; entries, balances, expiry and explanations of a
    unit are Tessera's, the plugin books through ``tessera.plugin.ledger``.

    Example::

        @hookimpl
        def units():
            return [Unit("lessons", _("Lessons"), expiry=Expiry("months", 12))]
    """
