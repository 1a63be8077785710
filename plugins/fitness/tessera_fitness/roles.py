"""Who works in a gym."""

from __future__ import annotations

from tessera_hooks import Role, _

coach = Role(
    "coach",
    _("Coach"),
    ["members.read", "fitness.body_test.read", "fitness.body_test.write", "purchases.read"],
)
