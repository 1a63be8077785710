"""Who is acting: a staff member, an API key, or Tessera itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tessera.access.permissions import BUSINESS_WIDE, covers, covers_own
from tessera.kernel.errors import Forbidden, Unauthenticated
from tessera_hooks import Text, _


@dataclass(frozen=True)
class Grant:
    """What one role allows, in one store or, without a store, in every one."""

    permissions: tuple[str, ...]
    store: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """A person or program with its rights.

    ``stores`` are those it works in, ``None`` meaning every one; ``store`` is the one it works in now.
    ``label`` is how it is called in history and on pages.
    """

    kind: Literal["staff", "key", "system", "nobody"]
    label: str
    grants: tuple[Grant, ...] = ()
    staff_id: UUID | None = None
    key_id: UUID | None = None
    session_id: UUID | None = None
    store: UUID | None = None
    locale: str | None = None
    theme: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether someone is signed in at all."""
        return self.kind != "nobody"

    @property
    def stores(self) -> frozenset[UUID] | None:
        """The stores it works in; ``None`` where a role holds everywhere."""
        if self.kind == "system" or any(grant.store is None for grant in self.grants):
            return None
        return frozenset(grant.store for grant in self.grants if grant.store is not None)

    def may(self, permission: str, store: UUID | None = None) -> bool:
        """Whether it may do this in ``store``; without one, whether it may in any of its stores.

        What changes the whole business it may only with a role that holds everywhere.
        """
        if self.kind == "system":
            return True
        anywhere = store is None and permission not in BUSINESS_WIDE
        if anywhere and self.own_with(permission) is not None:
            return True
        return any(
            covers(grant.permissions, permission)
            for grant in self.grants
            if anywhere or grant.store is None or grant.store == store
        )

    def stores_with(self, permission: str) -> frozenset[UUID] | None:
        """The stores in which it may do this; ``None`` means every one."""
        if self.kind == "system":
            return None
        found: set[UUID] = set()
        for grant in self.grants:
            if covers(grant.permissions, permission):
                if grant.store is None:
                    return None
                found.add(grant.store)
        return frozenset(found)

    def own_with(self, permission: str) -> UUID | None:
        """Its own id where it may do this for members that it is responsible for; ``None`` where it may not."""
        if self.staff_id is None or not any(covers_own(grant.permissions, permission) for grant in self.grants):
            return None
        return self.staff_id

    def own_stores_with(self, permission: str) -> frozenset[UUID] | None:
        """The stores in which it may do this for members that it is responsible for; ``None`` means every one."""
        granting = [grant for grant in self.grants if covers_own(grant.permissions, permission)]
        if any(grant.store is None for grant in granting):
            return None
        return frozenset(grant.store for grant in granting if grant.store is not None)

    def may_for_own(self, permission: str, store: UUID | None) -> bool:
        """Whether it may do this there at least for members that it is responsible for."""
        if self.may(permission, store):
            return True
        stores = self.own_stores_with(permission)
        return self.staff_id is not None and (stores is None or store in stores)

    def needs(self, permission: str, store: UUID | None = None) -> None:
        """Refuse unless it may do this."""
        if not self.is_known:
            raise Unauthenticated(_("Sign in first."))
        if not self.may(permission, store):
            raise Forbidden(_("You may not do this: it needs the permission {name}.", name=permission))


NOBODY = Actor("nobody", "")
SYSTEM = Actor("system", Text("Tessera"), (Grant(("*",)),))

_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


def actor() -> Actor:
    """Who acts in this request, command or job; ``NOBODY`` where nobody has signed in."""
    return _actor.get()


@contextmanager
def acting_as(someone: Actor) -> Iterator[Actor]:
    """Within the block, ``someone`` acts."""
    token = _actor.set(someone)
    try:
        yield someone
    finally:
        _actor.reset(token)


@contextmanager
def system_actor() -> Iterator[Actor]:
    """Within the block, Tessera itself acts: jobs, commands, reactions."""
    with acting_as(SYSTEM) as someone:
        yield someone
