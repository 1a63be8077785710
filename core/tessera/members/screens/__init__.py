"""Pages of members."""

from tessera.members.screens import listing, profile, said

handlers = [*listing.handlers, *profile.handlers, *said.handlers]
