"""Stages: moved by hand with a reason, and by rules as facts change."""

from tessera.members.service.stages.changes import LONGEST_REASON, StageMove, move_stage, moves_of
from tessera.members.service.stages.rules import (
    BUILT_IN,
    HOLD_DAYS,
    StageRuleFacts,
    StageRuleUnknown,
    change_rule,
    drop_rule,
    hold_days,
    keep_rule,
    number_of,
    stage_rules,
    with_number,
)
from tessera.members.service.stages.running import follow, move_by_rules, run_stages

__all__ = [
    "BUILT_IN",
    "HOLD_DAYS",
    "LONGEST_REASON",
    "StageMove",
    "StageRuleFacts",
    "StageRuleUnknown",
    "change_rule",
    "drop_rule",
    "follow",
    "hold_days",
    "keep_rule",
    "move_by_rules",
    "move_stage",
    "moves_of",
    "number_of",
    "run_stages",
    "stage_rules",
    "with_number",
]
