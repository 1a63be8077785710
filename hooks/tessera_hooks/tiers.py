"""What tiers may be measured by, beside what the core counts."""

from __future__ import annotations

from dataclasses import dataclass

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class TierMetric:
    """A number of a period by which members qualify, by its name without the plugin: ``recharged``.

    ``sql`` is an expression over the alias ``m`` of table ``member`` and the placeholders ``{since}`` and
    ``{until}`` (timestamptz, the first included and the second not); it answers a whole number, 0 where there
    is nothing. ``money`` says that it is in minor units of the business's currency. ``events`` are the kinds of
    events after which a member may have come up.
    """

    name: str
    title: Text
    sql: str
    money: bool = False
    events: tuple[str, ...] = ()


@hookspec
def tier_metrics() -> list[TierMetric]:  # type: ignore[empty-body]
    """Declare what members may qualify by for a tier.

    Called once at start.

    Example::

        @hookimpl
        def tier_metrics():
            return [TierMetric("recharged", _("Recharged"), "coalesce((SELECT sum(…) …), 0)", money=True)]
    """
