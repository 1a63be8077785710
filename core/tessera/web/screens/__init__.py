"""The shell's own pages: signing in, the first run, preferences, and settings of the business."""

from tessera.web.screens import (
    api_keys,
    audit,
    business,
    joining,
    leaving,
    manifest,
    plugins,
    preferences,
    roles,
    setup,
    sign_in,
    staff,
    stores,
    switching,
    tablets,
)

handlers = [
    *manifest.handlers,
    *sign_in.handlers,
    *joining.handlers,
    *switching.handlers,
    *preferences.handlers,
    *setup.handlers,
    *business.handlers,
    *plugins.handlers,
    *stores.handlers,
    *staff.handlers,
    *leaving.handlers,
    *tablets.handlers,
    *roles.handlers,
    *api_keys.handlers,
    *audit.handlers,
]
"""Every handler of the page shell, for the application."""
