"""Workflows of a practice; an integrator switches them on."""

from __future__ import annotations

from tessera_hooks import AllOf, Cause, Compare, Daily, OpenTask, Param, Parameter, Rule, _

still_hurts = Rule(
    "still_hurts",
    title=_("Still hurts"),
    description=_("Somebody left with much pain and has not been treated since: a task to call them."),
    trigger=Daily("08:30"),
    condition=AllOf(
        (
            Compare("physio.treatment.latest.pain_after", ">=", Param("pain")),
            Compare("physio.treatment.days_since_last", ">=", Param("days")),
        )
    ),
    cause=Cause("physio.treatment.last_day", after_days=Param("days")),
    actions=[OpenTask(_("Call: left with much pain"), role="therapist")],
    parameters=[
        Parameter("pain", _("Pain after the last treatment"), default=5, low=1, high=10),
        Parameter("days", _("Days since then"), default=3, low=1, high=60),
    ],
)
