"""Members as JSON: what is sent and what is answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

Profiles = dict[str, dict[str, dict[str, Any] | None]]
"""What plugins keep in one row a member, by plugin and name: ``{"beauty": {"skin": {…}}}``."""


class IdentityIn(msgspec.Struct, forbid_unknown_fields=True):
    """An identity beside phone and e-mail: ``card``, ``resident_id``, ``external`` (``system:id``) …"""

    kind: str
    value: str


class MemberIn(msgspec.Struct, forbid_unknown_fields=True):
    """Someone who becomes a member; ``name`` or one identity is needed."""

    name: str = ""
    phone: str | None = None
    email: str | None = None
    gender: str | None = None
    birthday: str | None = None
    address: str | None = None
    language: str | None = None
    timezone: str | None = None
    store: str | None = None
    source: str | None = None
    joined_at: str | None = None
    tags: list[str] = []
    custom: dict[str, Any] = {}
    identities: list[IdentityIn] = []
    profiles: Profiles = {}


class MemberPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; ``version`` is the one that was seen, ``null`` empties a field.

    ``tags`` are all that the member is to carry; ``custom`` and ``profiles`` merge by key, ``null`` removes.
    """

    version: int
    name: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    gender: str | UnsetType | None = UNSET
    birthday: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    store: str | UnsetType | None = UNSET
    source: str | UnsetType | None = UNSET
    joined_at: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    custom: dict[str, Any] | UnsetType = UNSET
    profiles: Profiles | UnsetType = UNSET


class MemberOut(msgspec.Struct, kw_only=True):
    """A member; values that the key may not see are masked."""

    id: UUID
    number: str
    name: str
    phone: str | None
    email: str | None
    gender: str | None
    birthday: str | None
    address: str | None
    language: str | None
    timezone: str | None
    store: str | None
    source: str | None
    stage: str
    tier: str | None = None
    tags: list[str] = []
    custom: dict[str, Any] = {}
    profiles: dict[str, Any] = {}
    balances: dict[str, int] = {}
    joined_at: date | None
    last_purchase_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    version: int


class MemberPage(msgspec.Struct):
    """Some members, and how to ask for more."""

    items: list[MemberOut]
    next: str | None
