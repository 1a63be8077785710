"""Where the desk meets the hooks: its page in the navigation."""

from tessera_hooks import Screen, _, hookimpl


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("home", _("Today"), "home", "members.read", (), "/", on_phone=True),
        Screen("till", _("Till"), "cash-register", "purchases.write", (), "till", on_phone=True),
        Screen("system", _("System"), "heartbeat", "settings.write", (), "settings/system"),
    ]
