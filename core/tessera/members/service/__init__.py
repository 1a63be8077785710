"""What can be done with members."""

from tessera.members.identities import find_by_identity
from tessera.members.service.accounts import account_of, accounts_of, address_for
from tessera.members.service.change import Changes, StaleVersion, change_member
from tessera.members.service.checks import IdentityTaken, MaskedValue
from tessera.members.service.consents import ConsentView, consent_state, consents, purposes, set_consent
from tessera.members.service.create import NewMember, create_member
from tessera.members.service.notes import NoteView, add_note, notes_of
from tessera.members.service.scope import (
    MemberUnknown,
    in_scope,
    is_visible,
    members_seen,
    need_visible,
    present,
    stores_seen,
    survivor_of,
    unknown,
    visible_among,
)
from tessera.members.service.search import newest, search, search_ids
from tessera.members.service.views import IdentityView, MemberLine, MemberView, lines, member, views

__all__ = [
    "Changes",
    "ConsentView",
    "IdentityTaken",
    "IdentityView",
    "MaskedValue",
    "MemberLine",
    "MemberUnknown",
    "MemberView",
    "NewMember",
    "NoteView",
    "StaleVersion",
    "account_of",
    "accounts_of",
    "add_note",
    "address_for",
    "change_member",
    "consent_state",
    "consents",
    "create_member",
    "find_by_identity",
    "in_scope",
    "is_visible",
    "lines",
    "member",
    "members_seen",
    "need_visible",
    "newest",
    "notes_of",
    "present",
    "purposes",
    "search",
    "search_ids",
    "set_consent",
    "stores_seen",
    "survivor_of",
    "unknown",
    "views",
    "visible_among",
]
