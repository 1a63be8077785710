"""The shell's own pages: signing in, the first run, preferences, and settings of the business."""

from tessera.web.screens import api_keys, business, manifest, plugins, preferences, roles, setup, sign_in, staff, stores

handlers = [
    *manifest.handlers,
    *sign_in.handlers,
    *preferences.handlers,
    *setup.handlers,
    *business.handlers,
    *plugins.handlers,
    *stores.handlers,
    *staff.handlers,
    *roles.handlers,
    *api_keys.handlers,
]
"""Every handler of the page shell, for the application."""
