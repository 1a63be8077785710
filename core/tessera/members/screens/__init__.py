"""Pages of members."""

from tessera.members.screens import (
    exports,
    fields,
    identities,
    imports,
    links,
    listing,
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
    *privacy.handlers,
    *exports.handlers,
    *imports.handlers,
]
