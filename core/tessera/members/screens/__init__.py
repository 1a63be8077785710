"""Pages of members."""

from tessera.members.screens import identities, imports, listing, profile, responsible, reveal, said

handlers = [
    *listing.handlers,
    *profile.handlers,
    *identities.handlers,
    *said.handlers,
    *reveal.handlers,
    *responsible.handlers,
    *imports.handlers,
]
