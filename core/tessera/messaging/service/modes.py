"""Whether messages go out: not at all, to listed addresses, or to everyone who agreed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast
from uuid import UUID

from tessera.access.service import store_of, stores
from tessera.kernel.business import set_setting, setting
from tessera.kernel.errors import FieldError, Invalid
from tessera.messaging.service.addresses import checked_address
from tessera_hooks import Text, _

Mode = Literal["off", "test", "on"]

MODES: dict[Mode, Text] = {
    "off": _("Off: nobody is written to"),
    "test": _("Test: only the listed addresses"),
    "on": _("On: everyone who agreed"),
}


def mode(store: UUID | None = None) -> Mode:
    """The mode in a store: its own, else the business's; ``off`` in a new business."""
    own = setting(f"messaging.mode.{store}") if store is not None else None
    return cast("Mode", own or setting("messaging.mode", "off"))


def own_mode(store: UUID) -> Mode | None:
    """What a store has chosen for itself."""
    return cast("Mode | None", setting(f"messaging.mode.{store}"))


async def set_mode(wanted: str | None, store: UUID | None = None) -> None:
    """Set the business's mode, or that of a store; ``None`` for a store follows the business."""
    if (wanted is not None and wanted not in MODES) or (wanted is None and store is None):
        message = _("choose off, test or on")
        raise Invalid(message, [FieldError("mode", message)])
    if store is not None and store_of(store) is None:
        message = _("there is no such store")
        raise Invalid(message, [FieldError("store", message)])
    await set_setting("messaging.mode" if store is None else f"messaging.mode.{store}", wanted)


def modes_of_stores() -> dict[UUID, Mode | None]:
    """What each open store has chosen for itself."""
    return {store.id: own_mode(store.id) for store in stores() if store.active}


def test_addresses() -> Sequence[str]:
    """The addresses that are written to in test mode."""
    return tuple(setting("messaging.test_addresses", ()))


async def set_test_addresses(addresses: Sequence[str]) -> None:
    """List the addresses that are written to in test mode."""
    cleaned = [checked_address(address, "test_addresses") for address in addresses if address.strip()]
    await set_setting("messaging.test_addresses", list(dict.fromkeys(cleaned)))


def on_test_list(address: str) -> bool:
    """Whether an address is on the list."""
    return address.casefold() in {listed.casefold() for listed in test_addresses()}
