"""Pages of members."""

from tessera.members.screens import listing, profile, reveal, said

handlers = [*listing.handlers, *profile.handlers, *said.handlers, *reveal.handlers]
