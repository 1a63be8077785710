"""What the audit tells of itself, as events."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera_hooks import Event, _


class Unusual(msgspec.Struct):
    """Someone did more of a kind in a day than is usual."""

    alarm: UUID
    what: str
    amount: int
    usual: int


class AuditDiffers(msgspec.Struct):
    """The audit is not what was sealed; ``progress`` is the run that found it, and names what differs."""

    differences: int
    progress: UUID


EVENTS = [
    Event("access.unusual", _("Unusual access"), Unusual, icon="alert-triangle", on_timeline=False),
    Event("access.audit_differs", _("The audit was changed"), AuditDiffers, icon="alert-triangle", on_timeline=False),
]
