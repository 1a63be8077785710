"""Where the page shell meets the hooks: its own pages in the navigation."""

from tessera_hooks import Screen, _, hookimpl


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("business", _("Business"), "building-community", "settings.write", (), "settings/business"),
        Screen("plugins", _("Plugins"), "puzzle", "settings.write", (), "settings/plugins"),
        Screen("stores", _("Stores"), "building-store", "settings.write", (), "settings/stores"),
        Screen("staff", _("Staff"), "users-group", "staff.write", (), "settings/staff"),
        Screen("roles", _("Roles"), "shield-check", "staff.write", (), "settings/roles"),
        Screen("api_keys", _("API keys"), "key", "staff.write", (), "settings/api-keys"),
        Screen("audit", _("Audit"), "history", "audit.read", (), "settings/audit"),
    ]
