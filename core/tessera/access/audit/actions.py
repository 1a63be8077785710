"""How acts of the audit read: one label for each, by the code under which it is noted."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.kernel.plugins import host
from tessera_hooks import Text, _

GROUPS: Mapping[str, Text] = {
    "members": _("Members"),
    "access": _("Staff and access"),
    "settings": _("Settings"),
    "plugins": _("Plugins"),
    "import": _("Imports"),
    "points": _("Points"),
    "tiers": _("Tiers"),
    "rewards": _("Rewards"),
    "purchases": _("Purchases"),
    "records": _("Records"),
    "shifts": _("Shifts"),
    "reports": _("Reports"),
    "keys": _("Keys"),
}
"""What an action's code begins with."""

ACTIONS: Mapping[str, Text] = {
    "access.invitation_taken_back": _("Took an invitation back"),
    "access.invitation_used": _("Followed an invitation"),
    "access.key_made": _("Made an API key"),
    "access.key_revoked": _("Revoked an API key"),
    "access.lookups_held_back": _("Was held back from looking up more"),
    "access.password_changed": _("Changed a password"),
    "access.pin_changed": _("Changed a PIN"),
    "access.pin_given_up": _("Gave a PIN up"),
    "access.role_changed": _("Changed what a role may do"),
    "access.role_dropped": _("Took a role away"),
    "access.role_given": _("Gave someone a role"),
    "access.role_taken": _("Took a role from someone"),
    "access.session_ended": _("Ended a session"),
    "access.sessions_ended": _("Ended all sessions of someone"),
    "access.sign_in_held_back": _("Failed so often to sign in that more attempts wait"),
    "access.signed_in": _("Signed in"),
    "access.signed_in_at_new_browser": _("Signed in at a new browser"),
    "access.staff_added": _("Added someone to the staff"),
    "access.staff_import_undone": _("Took a list of staff back"),
    "access.staff_invited": _("Invited someone"),
    "access.staff_left": _("Noted that someone left"),
    "access.staff_let_in": _("Let someone in again"),
    "access.staff_shut_out": _("Shut someone out"),
    "access.store_changed": _("Changed a store"),
    "access.store_opened": _("Opened a store"),
    "access.tablet_shared": _("Made a tablet a shared one"),
    "access.tablet_unshared": _("Ended the sharing of a tablet"),
    "keys.exported": _("Exported the keys"),
    "keys.resealed": _("Sealed values anew"),
    "keys.retired": _("Dropped an old data key"),
    "keys.rotated": _("Made a new data key"),
    "plugins.disabled": _("Switched a plugin off"),
    "plugins.enabled": _("Switched a plugin on"),
    "plugins.removed": _("Removed a plugin"),
    "plugins.restored": _("Brought a plugin back"),
    "points.credited": _("Gave points by hand"),
    "points.deed_noted": _("Gave points for a deed"),
    "points.rule_changed": _("Changed a rule by which points are earned"),
    "points.debited": _("Took points by hand"),
    "points.reversed": _("Took an entry back"),
    "points.written_off": _("Wrote balances off"),
    "rewards.cancelled": _("Cancelled a redemption"),
    "rewards.changed": _("Changed a reward"),
    "rewards.handed_over": _("Handed a reward over"),
    "rewards.made": _("Made a reward"),
    "rewards.redeemed": _("Redeemed a reward"),
    "tiers.added": _("Added a tier"),
    "tiers.archived": _("Took a tier out of use"),
    "tiers.brought_back": _("Brought a tier back into use"),
    "tiers.changed": _("Changed a tier"),
    "tiers.moved": _("Changed the order of tiers"),
    "tiers.rate_dropped": _("Took an exchange rate away"),
    "tiers.rate_set": _("Set an exchange rate"),
    "tiers.released": _("Let the rules decide again about a member's tier"),
    "tiers.set_by_hand": _("Set a member's tier by hand"),
    "records.exported": _("Exported records"),
    "purchases.claimed": _("Gave a purchase to a member"),
    "records.revealed": _("Revealed a value of a record"),
    "shifts.cash_moved": _("Put cash in or took it out by hand"),
    "shifts.ended": _("Ended a shift"),
    "shifts.opened": _("Opened a shift"),
    "reports.exported": _("Took out a report of the business"),
    "settings.business_changed": _("Changed the business"),
    "settings.changed": _("Changed a setting"),
    "import.finished": _("Imported a list"),
    "import.rehearsed": _("Rehearsed an import"),
    "import.undone": _("Took an import back"),
    "members.all_revealed": _("Exported all that is known of a member"),
    "members.changed": _("Changed a member"),
    "members.consent_changed": _("Noted what a member agreed to"),
    "members.created": _("Added a member"),
    "members.duplicate_dismissed": _("Said that two members are two"),
    "members.erased": _("Erased a member"),
    "members.exported": _("Exported members"),
    "members.field_changed": _("Changed a field of members"),
    "members.field_deleted": _("Deleted a field of members"),
    "members.field_erased": _("Erased what a field of members held"),
    "members.field_made": _("Made a field of members"),
    "members.file_added": _("Added a file"),
    "members.file_removed": _("Removed a file"),
    "members.handed_over": _("Handed members over"),
    "members.identity_added": _("Added an identity"),
    "members.identity_changed": _("Changed an identity"),
    "members.identity_doubted": _("Took back that an identity was verified"),
    "members.identity_moved": _("Gave an identity to someone else"),
    "members.identity_preferred": _("Chose the main identity"),
    "members.identity_removed": _("Removed an identity"),
    "members.identity_verified": _("Verified an identity"),
    "members.left_store": _("Took a member from a store's lists"),
    "members.link_changed": _("Changed a link of two members"),
    "members.linked": _("Linked two members"),
    "members.looked_up": _("Looked a member up"),
    "members.lookup_missed": _("Looked up and found nobody"),
    "members.merged": _("Merged two members"),
    "members.note_written": _("Wrote a note"),
    "members.responsible_changed": _("Changed who is responsible"),
    "members.revealed": _("Revealed values"),
    "members.stage_changed": _("Moved a member to another stage"),
    "members.stage_rule_changed": _("Changed a rule of stages"),
    "members.stage_rule_dropped": _("Dropped a rule of stages"),
    "members.tag_changed": _("Changed a tag"),
    "members.tag_deleted": _("Deleted a tag"),
    "members.tag_made": _("Made a tag"),
    "members.tags_changed": _("Changed tags of members"),
    "members.tags_merged": _("Merged two tags"),
    "members.unlinked": _("Ended a link of two members"),
    "members.unmerged": _("Undid a merge"),
}
"""Labels by code. What a plugin notes itself carries no label here and is shown by its code."""


def label(action: str) -> Text | str:
    """An action in words; a plugin's reads like its event, and what nobody knows by its code."""
    told = host().event_kinds.get(action)
    return ACTIONS.get(action) or (told.event.title if told else action)


def group(action: str) -> Text | str:
    """What an action belongs to."""
    owner = action.partition(".")[0]
    plugin = host().plugins.get(owner)
    return GROUPS.get(owner) or (plugin.manifest.title if plugin else owner)
