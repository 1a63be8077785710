"""The role that a task is meant for, by its full name."""

from __future__ import annotations

from tessera.kernel.plugins import PluginHost
from tessera.kernel.plugins.host import CORE


def known_roles(host: PluginHost) -> set[str]:
    """Every declared role's full name."""
    return {d.value.name if d.plugin == CORE else f"{d.plugin}.{d.value.name}" for d in host.declared("roles")}


def role_code(host: PluginHost, plugin: str, name: str) -> str:
    """A role that a plugin names: its own before the core's."""
    own = f"{plugin}.{name}"
    return own if own in known_roles(host) else name
