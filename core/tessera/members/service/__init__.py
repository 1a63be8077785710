"""What can be done with members."""

from tessera.members.identities import find_by_identity
from tessera.members.service.accounts import account_of, accounts_of, address_for
from tessera.members.service.change import Changes, StaleVersion, change_member
from tessera.members.service.checks import IdentityTaken, MaskedValue
from tessera.members.service.consents import ConsentView, consent_state, consents, purposes, set_consent
from tessera.members.service.create import NewMember, create_member
from tessera.members.service.identities import (
    IdentityUnknown,
    add_identity,
    change_identity,
    identities_of,
    remove_identity,
    take_over,
)
from tessera.members.service.lookup import (
    SeveralMembers,
    circle_seen,
    holders_of,
    look_up,
    lookup,
    note_miss,
    question_of,
    typed,
)
from tessera.members.service.namesakes import told_apart
from tessera.members.service.notes import NoteView, add_note, notes_of
from tessera.members.service.scope import (
    MemberUnknown,
    in_scope,
    is_visible,
    members_seen,
    need_visible,
    present,
    responsible_among,
    stores_seen,
    survivor_of,
    unknown,
    visible_among,
    writing_stores,
)
from tessera.members.service.search import MOST, Narrowing, found_by_plugins, newest, search, search_ids
from tessera.members.service.views import IdentityView, MemberLine, MemberView, lines, member, views

__all__ = [
    "MOST",
    "Changes",
    "ConsentView",
    "IdentityTaken",
    "IdentityUnknown",
    "IdentityView",
    "MaskedValue",
    "MemberLine",
    "MemberUnknown",
    "MemberView",
    "Narrowing",
    "NewMember",
    "NoteView",
    "SeveralMembers",
    "StaleVersion",
    "account_of",
    "accounts_of",
    "add_identity",
    "add_note",
    "address_for",
    "change_identity",
    "change_member",
    "circle_seen",
    "consent_state",
    "consents",
    "create_member",
    "find_by_identity",
    "found_by_plugins",
    "holders_of",
    "identities_of",
    "in_scope",
    "is_visible",
    "lines",
    "look_up",
    "lookup",
    "member",
    "members_seen",
    "need_visible",
    "newest",
    "note_miss",
    "notes_of",
    "present",
    "purposes",
    "question_of",
    "remove_identity",
    "responsible_among",
    "search",
    "search_ids",
    "set_consent",
    "stores_seen",
    "survivor_of",
    "take_over",
    "told_apart",
    "typed",
    "unknown",
    "views",
    "visible_among",
    "writing_stores",
]
