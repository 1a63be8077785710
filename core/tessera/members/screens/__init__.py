"""Pages of members."""

from tessera.members.screens import (
    attachments,
    duplicates,
    exports,
    fields,
    identities,
    imports,
    links,
    listing,
    merging,
    privacy,
    profile,
    responsible,
    reveal,
    said,
    stages,
    tags,
)

handlers = [
    *listing.handlers,
    *profile.handlers,
    *tags.handlers,
    *stages.handlers,
    *fields.handlers,
    *identities.handlers,
    *links.handlers,
    *said.handlers,
    *reveal.handlers,
    *responsible.handlers,
    *merging.handlers,
    *privacy.handlers,
    *attachments.handlers,
    *duplicates.handlers,
    *exports.handlers,
    *imports.handlers,
]
