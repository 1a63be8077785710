"""Two texts of the core, a real mail server, and members to write to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mail_server import mail_server, member_named, postman, public_url
from signed_in import owner

from tessera.access.actor import Actor, system_actor
from tessera.kernel.plugins.host import CORE, Declared, PluginHost
from tessera_hooks import MessageTemplate, _

__all__ = ["mail_server", "member_named", "owner", "postman", "public_url"]

HELLO = MessageTemplate(
    "hello",
    _("Hello"),
    "marketing",
    subject={"en": "Hello {{ member.name }}", "zh_Hans": "{{ member.name }}，您好"},
    body={"en": "We miss you at {{ store.name }}.\n.\nFrom {{ business.name }}", "zh_Hans": "{{ store.name }}想念您。"},
)
RECEIPT = MessageTemplate(
    "receipt", _("Receipt"), "service", subject={"en": "Receipt"}, body={"en": "Your number: {{ values.number }}"}
)


@pytest.fixture(autouse=True)
def system() -> Iterator[Actor]:
    """Tessera itself acts unless a test says otherwise."""
    with system_actor() as someone:
        yield someone


@pytest.fixture(autouse=True)
def templates(plugin_host: PluginHost) -> Iterator[None]:
    """The core ships these two texts in these tests."""
    kept = plugin_host._declared["message_templates"]
    plugin_host._declared["message_templates"] = [*kept, Declared(CORE, HELLO), Declared(CORE, RECEIPT)]
    yield
    plugin_host._declared["message_templates"] = kept
