"""Tasks for the owner: someone did what is unusual, or the audit was changed."""

from __future__ import annotations

from uuid import UUID

from tessera.access.audit import unusual
from tessera.kernel.texts import translate
from tessera.tasks.service.work import open_task
from tessera_hooks import Happened, Text, _

HOLDERS = {"staff": _("a member of staff"), "key": _("an API key")}


async def unusual_access(event: Happened) -> None:
    """Ask the owner to look at what someone took out, revealed or looked up."""
    alarm = await unusual.alarm(UUID(str(event.payload["alarm"])))
    if alarm is None:
        return
    await open_task(
        "unusual_access",
        _(
            "{name} ({kind}): {what} {amount} on {day}, usual are at most {usual}",
            name=alarm.actor_label,
            kind=HOLDERS.get(alarm.actor_kind, Text(alarm.actor_kind)),
            what=unusual.KINDS.get(alarm.kind, Text(alarm.kind)),
            amount=alarm.amount,
            day=alarm.day.isoformat(),
            usual=alarm.usual,
        ),
        detail=translate(_("Ask them what it was for. The audit in the settings shows each of these acts.")),
        role="owner",
        key=f"unusual_access:{event.payload['alarm']}",
    )


async def changed_audit(event: Happened) -> None:
    """Ask the owner to find out who changed the audit; one task while it is open, however many nights."""
    await open_task(
        "audit_differs",
        _("The audit differs from its seals in {n} places", n=event.payload["differences"]),
        detail=translate(_("`tessera audit verify` names each. Someone wrote to the database past Tessera.")),
        role="owner",
        key="audit_differs",
    )
