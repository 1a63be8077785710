"""What can be done with rules."""

from tessera.rules.service.catalogue import RuleSetting, RuleUnknown, rule, rules
from tessera.rules.service.check import check_declarations
from tessera.rules.service.dry import DryRun, Named, dry_run
from tessera.rules.service.run import last_run, run_due, run_now, runs
from tessera.rules.service.switch import change_parameters, switch_off, switch_on
from tessera.rules.service.words import SKIPPED, skipped_text

__all__ = [
    "SKIPPED",
    "DryRun",
    "Named",
    "RuleSetting",
    "RuleUnknown",
    "change_parameters",
    "check_declarations",
    "dry_run",
    "last_run",
    "rule",
    "rules",
    "run_due",
    "run_now",
    "runs",
    "skipped_text",
    "switch_off",
    "switch_on",
]
