"""A hook specification that this plugin publishes for others."""

from __future__ import annotations

from tessera_hooks import Text, hookspec
from tessera_hooks.specs import Kind


@hookspec
def dummy_greeting(name: str) -> Text | None:
    """Greet someone.

    Called when the greeting page is shown; the first answer counts.

    Example::

        @hookimpl
        def dummy_greeting(name):
            return _("Hello {name}", name=name)
    """


KINDS: dict[str, Kind] = {"dummy_greeting": "answering"}
