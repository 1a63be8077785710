"""What can be done with members."""

from tessera.members.identities import find_by_identity
from tessera.members.service.accounts import OWN_ACCOUNT, account_of, accounts_of, address_for
from tessera.members.service.agreeing import set_consent
from tessera.members.service.change import Changes, StaleVersion, change_member
from tessera.members.service.checks import IdentityTaken, MaskedValue
from tessera.members.service.children import GuardianNeeded, guardians_of, is_child
from tessera.members.service.consents import (
    ConsentView,
    ConsentWord,
    consent_state,
    consent_words,
    consents,
    purposes,
)
from tessera.members.service.create import NewMember, create_member
from tessera.members.service.identities import (
    IdentityUnknown,
    add_identity,
    change_identity,
    identities_of,
    remove_identity,
    take_over,
)
from tessera.members.service.known_in import leave_store, stores_of
from tessera.members.service.links import (
    GuardianCircle,
    LinkUnknown,
    LinkView,
    link,
    link_new,
    links_of,
    unlink,
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
from tessera.members.service.survivors import hold, hold_all, ids_of
from tessera.members.service.views import IdentityView, MemberLine, MemberView, lines, member, views

__all__ = [
    "MOST",
    "OWN_ACCOUNT",
    "Changes",
    "ConsentView",
    "ConsentWord",
    "GuardianCircle",
    "GuardianNeeded",
    "IdentityTaken",
    "IdentityUnknown",
    "IdentityView",
    "LinkUnknown",
    "LinkView",
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
    "consent_words",
    "consents",
    "create_member",
    "find_by_identity",
    "found_by_plugins",
    "guardians_of",
    "hold",
    "hold_all",
    "holders_of",
    "identities_of",
    "ids_of",
    "in_scope",
    "is_child",
    "is_visible",
    "leave_store",
    "lines",
    "link",
    "link_new",
    "links_of",
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
    "stores_of",
    "stores_seen",
    "survivor_of",
    "take_over",
    "told_apart",
    "typed",
    "unknown",
    "unlink",
    "views",
    "visible_among",
    "writing_stores",
]
