"""Which of the core's rows are a plugin's own, and which are history that outlives it."""

from __future__ import annotations

from dataclasses import dataclass

from tessera.kernel.plugins.relations import CORE_SCHEMA, keys_of, parents_first, tables_with

HISTORY = frozenset(
    {
        "event",
        "event_label",
        "task",
        "message",
        "rule_run",
        "rule_firing",
        "tag",
        "purchase_claim",
        "reward",
        "redemption",
    }
)
"""Core tables whose ``plugin`` column only says where a row came from: what happened stays readable."""

OWN = frozenset(
    {"consumer", "setting", "plugin_enabled", "stored_file", "role", "rule_switch", "message_template", "earning_rule"}
)
"""Core tables whose rows belong to the plugin that they name: taken with it and brought back with it."""

WORKINGS = frozenset({"job_run"})
"""Core tables that only say what was done last: taken with a plugin and begun anew after it."""

BOOKKEEPING = "migration"
"""The migrations that have run; an export names them instead of holding the rows."""


@dataclass(frozen=True)
class Trace:
    """Rows that carry a plugin's name as the beginning of another column than ``plugin``."""

    table: str
    column: str

    @property
    def condition(self) -> str:
        """The rows of the plugin ``$1``."""
        return f"starts_with({self.column}, $1 || '.')"


TRACES = (
    Trace("inbox", "consumer"),
    Trace("delivery", "consumer"),
    Trace("staff_role", "role"),
)

GRANTS = "permissions"
"""The JSON column of names in which roles and API keys hold what they may do."""


@dataclass(frozen=True)
class OwnRows:
    """A core table, the condition that finds a plugin's rows (``$1`` is its name), and what becomes of them."""

    table: str
    condition: str
    brought_back: bool


async def own_rows() -> list[OwnRows]:
    """Where a plugin's rows are in the core's tables that exist, those first that others point at."""
    names = set(await tables_with("plugin")) - HISTORY - {BOOKKEEPING}
    found = {name: OwnRows(name, "plugin = $1", name not in WORKINGS) for name in names}
    for trace in TRACES:
        if trace.table in await tables_with(trace.column):
            found[trace.table] = OwnRows(trace.table, trace.condition, brought_back=True)
    order = parents_first(list(found), await keys_of(CORE_SCHEMA), CORE_SCHEMA)
    return [found[name] for name in order]
