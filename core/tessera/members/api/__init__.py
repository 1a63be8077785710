"""Members as JSON."""

from tessera.members.api import (
    attachments,
    consents,
    custom,
    duplicates,
    identities,
    links,
    lookup,
    merging,
    people,
    privacy,
    responsible,
    reveal,
    stages,
    tags,
)
from tessera.members.api.rendering import SqlPart, member_json, members_json, register_member_part
from tessera.members.api.shapes import MemberOut

__all__ = ["MemberOut", "SqlPart", "handlers", "member_json", "members_json", "register_member_part"]

handlers = [
    *lookup.handlers,
    *people.handlers,
    *tags.handlers,
    *stages.handlers,
    *custom.handlers,
    *identities.handlers,
    *links.handlers,
    *consents.handlers,
    *reveal.handlers,
    *responsible.handlers,
    *merging.handlers,
    *privacy.handlers,
    *attachments.handlers,
    *duplicates.handlers,
]
