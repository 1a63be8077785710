"""Who acts in tests of members, and how members are made."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tessera.access.actor import Actor, Grant, acting_as, system_actor


@pytest.fixture(autouse=True)
def system() -> Iterator[Actor]:
    """Tessera itself acts unless a test says otherwise."""
    with system_actor() as someone:
        yield someone


def cashier(*stores: UUID, also: tuple[str, ...] = ()) -> Actor:
    """Someone who may read and write members in some stores."""
    rights = ("members.read", "members.write", *also)
    return Actor("staff", "Lin", tuple(Grant(rights, store) for store in stores), store=stores[0])


@pytest.fixture
def as_cashier():
    """Let a cashier of some stores act within a block."""
    return lambda *stores, also=(): acting_as(cashier(*stores, also=also))
