"""Where the desk meets the hooks: its pages in the navigation, and the way from a member to the till."""

from tessera.desk.till.cards import to_the_till
from tessera_hooks import Screen, Slot, _, hookimpl


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("home", _("Today"), "home", "members.read", (), "/", on_phone=True),
        Screen("till", _("Till"), "cash-register", "purchases.write", (), "till", on_phone=True),
        Screen("system", _("System"), "heartbeat", "settings.write", (), "settings/system"),
    ]


@hookimpl
def slots() -> list[Slot]:
    return [Slot("member.action", "till/action.html", to_the_till, permission="purchases.write")]
