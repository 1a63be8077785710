"""The plugin host: who is there, what they declare, where they are enabled, and what they answer."""

from tessera.kernel.plugins.discovery import Candidate, discover
from tessera.kernel.plugins.host import Declared, EventKind, Plugin, PluginHost, host, load_host, use_host
from tessera.kernel.plugins.state import plugin_settings

__all__ = [
    "Candidate",
    "Declared",
    "EventKind",
    "Plugin",
    "PluginHost",
    "discover",
    "host",
    "load_host",
    "plugin_settings",
    "use_host",
]
