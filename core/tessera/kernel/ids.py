"""Identifiers: UUIDv7, made by the server, so that new rows lie next to each other in their index."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new identifier, increasing with time."""
    return uuid_utils.compat.uuid7()
