"""Whatever points at a member or an account has an answer to what becomes of it when members are merged."""

from __future__ import annotations

from tessera.kernel.database import fetch
from tessera.kernel.plugins import host
from tessera.records.kinds import kinds

FOLLOWS = {
    "account.member",
    "attachment.member",
    "consent_word.member",
    "contact.member",
    "identity.member",
    "member_custom.member",
    "member_link.member",
    "member_link.other",
    "member_note.member",
    "member_staff.member",
    "member_store.member",
    "member_tag.member",
    "message.member",
    "purchase.member",
    "purchase_return.member",
    "redemption.member",
    "rule_firing.member",
    "stage_change.member",
    "taking.member",
    "task.member",
    "visit.member",
    "wallet.coupon.member",
    "wallet.coupon.used_by",
    "wallet.membership.member",
    "wallet.membership.payer",
    "wallet.pack.member",
    "wallet.pack.payer",
    "wallet.pack_use.member",
    "wallet.recharge.member",
    "wallet.value_payment.member",
    "wallet.value_refund.member",
}
"""Moved, or copied to the survivor, and given back."""

STAYS = {
    "brought_entitlement.account": "belongs to an account, which follows",
    "balance.account": "belongs to an account, which follows",
    "deed.account": "belongs to an account, which follows",
    "purchase.account": "belongs to an account, which follows",
    "redemption.account": "belongs to an account, which follows",
    "consent.member": "the survivor's is said anew from the stricter word; the other's waits for an undo",
    "consent.guardian": "who said it is history; the id leads to the survivor",
    "consent_word.guardian": "who said it is history; the id leads to the survivor",
    "duplicate.one": "a pair of which one is merged is not shown, and is there again after an undo",
    "duplicate.other": "a pair of which one is merged is not shown, and is there again after an undo",
    "member.merged_into": "is the merge",
    "member_merge.survivor": "is the merge",
    "member_merge.other": "is the merge",
    "member_stats.member": "computed anew",
    "member_tier.member": "the survivor has the better of the two; the other's waits for an undo",
    "tier_change.member": "history stays under the id it happened to, and is read under every id",
}
"""Not moved, and why that loses nothing."""

_KEYS = """
SELECT DISTINCT c.conrelid::regclass::text || '.' || a.attname AS name FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
WHERE c.contype = 'f' AND c.confrelid IN ('member'::regclass, 'account'::regclass)
"""


async def test_every_key_to_a_member_is_known_to_merging(db):
    records = {f"{kind.plugin}.{kind.name}.member" for kind in kinds(host())}
    found = {row["name"] for row in await fetch(_KEYS)}
    assert found - records == FOLLOWS | STAYS.keys()
