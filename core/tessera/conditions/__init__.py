"""Conditions over facts: checked, compiled to SQL for all members, evaluated for one, read back as a sentence."""

from tessera.conditions.check import ConditionRefused, check
from tessera.conditions.compile import Binder, compile_condition, compile_fact
from tessera.conditions.describe import describe
from tessera.conditions.evaluate import evaluate, facts_of_member
from tessera.conditions.facts import known_facts, register_facts

__all__ = [
    "Binder",
    "ConditionRefused",
    "check",
    "compile_condition",
    "compile_fact",
    "describe",
    "evaluate",
    "facts_of_member",
    "known_facts",
    "register_facts",
]
