"""Pieces of plugins in named places of the core's pages; one that fails is left out, never the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from jinja2 import Environment
from markupsafe import Markup

from tessera.access.actor import actor
from tessera.access.reaching import reaches
from tessera.kernel.errors import DomainError
from tessera.kernel.plugins import Declared, failures, host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import Slot


async def fill(environment: Environment, place: str, member: UUID | None = None) -> Sequence[Markup]:
    """What the enabled plugins put into a place, as this person may see it."""
    pieces = (
        await render(environment, declared, member)
        for declared in host().declared_in("slots", actor().store)
        if declared.value.place == place and await may_see(declared, member)
    )
    return [piece async for piece in pieces if piece]


async def may_see(declared: Declared[Slot], member: UUID | None = None) -> bool:
    """Whether the person has the permission that a slot asks for, for this member where it is about one."""
    permission = declared.value.permission
    if permission is None:
        return True
    full = permission if "." in permission or declared.plugin == CORE else f"{declared.plugin}.{permission}"
    return actor().may(full) and (member is None or await reaches(member, full))


async def render(environment: Environment, declared: Declared[Slot], member: UUID | None) -> Markup | None:
    """One piece as HTML; ``None`` where it has nothing to show or failed."""
    slot: Slot = declared.value
    try:
        context: Any = await slot.context(member)
        if context is None:
            return None
        return Markup(environment.get_template(slot.template).render(**context))  # noqa: S704 - escaped by Jinja
    except DomainError:
        return None
    except Exception as problem:  # noqa: BLE001 - isolation: the plugin is named, the page goes on
        failures.note(declared.plugin, f"slot {slot.place}", problem)
        return None
