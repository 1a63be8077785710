"""Workflows for gyms; an integrator switches them on."""

from __future__ import annotations

from tessera_hooks import Cause, Compare, Daily, Param, Parameter, Rule, SendMessage, _

no_visit = Rule(
    "no_visit",
    title=_("Stays away"),
    description=_("A member who has not come for some days gets a message, once for each time they stay away."),
    trigger=Daily("09:00"),
    condition=Compare("visits.days_since_last", ">=", Param("days")),
    cause=Cause("visits.last_day", after_days=Param("days")),
    actions=[SendMessage("we_miss_you")],
    parameters=[Parameter("days", _("Days without a visit"), default=14, low=3, high=365)],
)
