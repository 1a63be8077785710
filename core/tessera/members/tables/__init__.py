"""Members, what identifies and marks them, what they agreed to, and the imports that brought them.

Tables whose keys have two columns have no class here, for Piccolo cannot say that; migrations make them:
``member_store`` (where a member is known), ``member_token`` (what a name search finds), ``import_row``
(what became of each row of an import), ``member_tag`` (tag, by whom and when) and ``member_custom`` (the
value of a custom field: plain in ``value``, or ``sealed`` with its ``lookup``), ``likeness_key`` (what
members who may be one person have in common, as keyed hashes) and ``likeness_due`` (whose keys are to be
derived anew).
"""

from tessera.members.tables.alike import Duplicate
from tessera.members.tables.imports import ImportBatch, ImportMapping, ImportUpload
from tessera.members.tables.marks import CustomField, StageChange, StageRule, Tag
from tessera.members.tables.people import Account, Contact, Identity, Member
from tessera.members.tables.said import Attachment, Consent, ConsentWord, MemberNote
from tessera.members.tables.ties import MemberLink, MemberMerge, MemberStaff

__all__ = [
    "Account",
    "Attachment",
    "Consent",
    "ConsentWord",
    "Contact",
    "CustomField",
    "Duplicate",
    "Identity",
    "ImportBatch",
    "ImportMapping",
    "ImportUpload",
    "Member",
    "MemberLink",
    "MemberMerge",
    "MemberNote",
    "MemberStaff",
    "StageChange",
    "StageRule",
    "Tag",
]
