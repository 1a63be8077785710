"""Who works in a practice."""

from __future__ import annotations

from tessera_hooks import Role, _

therapist = Role(
    "therapist",
    _("Therapist"),
    ["members.read", "physio.treatment.read", "physio.treatment.write"],
)
