"""A rule that opens a task, and one by which a deed earns points."""

from __future__ import annotations

from tessera_hooks import (
    AllOf,
    Cause,
    Compare,
    Daily,
    EarningRule,
    EarningSpec,
    Fixed,
    OpenTask,
    Param,
    Parameter,
    Rule,
    _,
)

low_score = Rule(
    "low_score",
    title=_("Low score"),
    description=_("A low score opens a task."),
    trigger=Daily("08:00"),
    condition=AllOf((Compare("dummy.check_up.latest.score", "<", Param("score")),)),
    cause=Cause("dummy.check_up.last_day"),
    actions=[OpenTask(_("Look at a low score"), role="manager")],
    parameters=[Parameter("score", _("Score"), default=30, low=0, high=100)],
)

cheered = EarningRule(
    name="cheered",
    title=_("Cheered"),
    description=_("Points for whoever cheers."),
    spec=EarningSpec(earns=Fixed(3), deed="dummy.cheered"),
)
