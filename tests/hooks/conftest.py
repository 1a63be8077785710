"""What the tests of hooks share."""

from __future__ import annotations

import pytest

from tessera.kernel.plugins import PluginHost
from tessera_hooks import specs


@pytest.fixture
def empty_host() -> PluginHost:
    """A host that knows the hooks and no plugin."""
    host = PluginHost()
    host.add_specs(specs)
    return host
