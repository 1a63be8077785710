"""Which stores' records a person sees, and where they may write: asked anew each time."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tessera.access.actor import Actor, actor
from tessera.access.service.stores import StoreFacts, circle_mates, store_by_code, store_of, stores
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.errors import FieldError, Forbidden, Invalid
from tessera.kernel.plugins import host
from tessera.members.service import scope
from tessera.records.kinds import Kind
from tessera_hooks import _


def listed_stores(kind: Kind) -> list[UUID]:
    """The stores whose records stand in lists and exports: where one works now, else where one may read."""
    someone = actor()
    if someone.store is not None:
        return [someone.store] if _reads(someone, kind, someone.store) else []
    return [s.id for s in stores() if _reads(someone, kind, s.id)]


def seen_stores(kind: Kind) -> list[UUID]:
    """The stores whose records of one member are seen: the whole circle's, where the type says so."""
    own = [s.id for s in stores() if _reads(actor(), kind, s.id)]
    if kind.type.visible == "store":
        return own
    circle = {mate for store in own for mate in circle_mates(store)}
    return [s.id for s in stores() if s.id in circle and host().enabled(kind.plugin, s.id)]


def _reads(someone: Actor, kind: Kind, store: UUID) -> bool:
    return someone.may_for_own(kind.read, store) and host().enabled(kind.plugin, store)


def writing_stores(kind: Kind) -> list[StoreFacts]:
    """The open stores in which one may write such records."""
    return [s for s in stores() if s.active and may_write(kind, s.id)]


def store_for(kind: Kind, given: UUID | str | None) -> StoreFacts:
    """The store a new record belongs to: the one given (id or code), where one works now, or the only one.

    Where several would do, it is asked for rather than guessed.
    """
    allowed = writing_stores(kind)
    wanted = store_by_code(given).id if isinstance(given, str) else given or actor().store
    if wanted is None and len(allowed) == 1:
        return allowed[0]
    if wanted is None and allowed:
        message = _("choose the store")
        raise Invalid(message, [FieldError("store", message)])
    for store in allowed:
        if store.id == wanted:
            return store
    raise Forbidden(_("You may not record this here: it needs the permission {name}.", name=kind.write))


def today_in(store: UUID | None) -> date:
    """The calendar day in a store's zone; without a store in the business's."""
    facts = store_of(store)
    return clock.local_day(clock.now(), facts.timezone if facts else business().timezone)


def may_write(kind: Kind, store: UUID) -> bool:
    """Whether one may correct the records of a store."""
    return actor().may_for_own(kind.write, store) and host().enabled(kind.plugin, store)


async def need_write(kind: Kind, member: UUID, store: UUID) -> None:
    """Refuse whoever may not correct the records of a store, or not those of this member."""
    if not may_write(kind, store):
        raise Forbidden(_("You may not record this here: it needs the permission {name}.", name=kind.write))
    await scope.need_visible(member, kind.write)


def today_here() -> date:
    """The calendar day where one works now."""
    return today_in(actor().store)
