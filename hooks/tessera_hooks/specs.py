"""Every hook that a plugin may implement, in the order in which an author meets them.

Each stands in the module of what it is about, below the values that it carries: ``tessera_hooks.records`` says what
a record type is, and has the hook that declares one. Their docstrings are the reference.
"""

from __future__ import annotations

from tessera_hooks.bringing import entitlement_kinds
from tessera_hooks.conditions import facts
from tessera_hooks.earning import earning_rules, points_multiplier
from tessera_hooks.events import events, jobs, reactions
from tessera_hooks.marking import PROJECT, Kind, hookimpl, hookspec
from tessera_hooks.members import (
    erase_member,
    export_member,
    member_summaries,
    merge_members,
    search_members,
    undo_merge,
)
from tessera_hooks.pages import api, screens, slots
from tessera_hooks.permissions import permissions, roles
from tessera_hooks.records import record_types
from tessera_hooks.rewards import reward_kinds
from tessera_hooks.rules import message_templates, rules
from tessera_hooks.selling import claim_kinds, payment_methods, price_basket, return_purchase, settle_purchase
from tessera_hooks.starting import sample_data, starter_set
from tessera_hooks.tiers import tier_metrics
from tessera_hooks.units import units

__all__ = ["KINDS", "PROJECT", "Kind", "hookimpl", "hookspec"]

DECLARING = (
    record_types,
    facts,
    screens,
    api,
    slots,
    permissions,
    roles,
    events,
    reactions,
    jobs,
    rules,
    message_templates,
    units,
    earning_rules,
    reward_kinds,
    tier_metrics,
    claim_kinds,
    payment_methods,
    entitlement_kinds,
    starter_set,
    sample_data,
)
"""Asked once at start: sync and pure."""

ANSWERING = (points_multiplier,)
"""Asked while something happens: sync and pure, and handed all that they may consider."""

PARTICIPATING = (
    price_basket,
    settle_purchase,
    return_purchase,
    search_members,
    member_summaries,
    merge_members,
    undo_merge,
    export_member,
    erase_member,
)
"""Awaited one plugin after another, inside the caller's transaction."""

KINDS: dict[str, Kind] = {
    **{hook.__name__: "declaring" for hook in DECLARING},
    **{hook.__name__: "answering" for hook in ANSWERING},
    **{hook.__name__: "participating" for hook in PARTICIPATING},
}
