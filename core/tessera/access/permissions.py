"""Permissions as names and patterns, and the roles that every business has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from tessera_hooks import Permission, Role, _

PUBLIC = "public"
"""The permission of a page that anyone may open."""

SIGNED_IN = "signed_in"
"""The permission of a page that everyone who is signed in may open."""

BUSINESS_WIDE = frozenset({"settings.write", "rules.write"})
"""Permissions for what no single store owns: whoever holds them in one store only cannot use them there."""

CORE_PERMISSIONS = (
    Permission("members.read", _("See members")),
    Permission("members.write", _("Add and change members")),
    Permission("members.reveal", _("See masked values of members")),
    Permission("members.merge", _("Merge members")),
    Permission("members.erase", _("Erase members")),
    Permission("members.import", _("Bring in lists of members")),
    Permission("members.export", _("Take out lists of members")),
    Permission("purchases.read", _("See purchases")),
    Permission("purchases.write", _("Record purchases and returns")),
    Permission("points.read", _("See points")),
    Permission("points.write", _("Credit and redeem points")),
    Permission("points.adjust", _("Correct points")),
    Permission("tiers.write", _("Change tiers")),
    Permission("messages.send", _("Send messages")),
    Permission("rules.write", _("Change rules")),
    Permission("segments.write", _("Change segments")),
    Permission("staff.write", _("Manage staff and API keys")),
    Permission("settings.write", _("Change settings")),
    Permission("audit.read", _("Read the audit")),
)

CORE_ROLES = (
    Role("owner", _("Owner"), ["*"]),
    Role("manager", _("Store manager"), ["*", "!members.erase", "!staff.write", "!settings.write"]),
    Role(
        "cashier",
        _("Cashier"),
        ["members.read", "members.write", "purchases.read", "purchases.write", "points.read", "points.write"],
    ),
    Role(
        "front_desk",
        _("Front desk"),
        ["members.read", "members.write", "purchases.read", "points.read", "*.*.read", "*.*.write"],
    ),
    Role(
        "operations",
        _("Operations"),
        [
            "members.read",
            "members.write",
            "members.merge",
            "purchases.read",
            "points.read",
            "tiers.write",
            "messages.send",
            "rules.write",
            "segments.write",
        ],
    ),
    Role("finance", _("Finance"), ["members.read", "purchases.read", "points.read", "points.adjust"]),
    Role("auditor", _("Auditor"), ["members.read", "purchases.read", "points.read", "audit.read", "*.*.read"]),
)


OWN = "@own"
"""Behind an entry of a role: it holds for members that one is responsible for."""

ABOUT_A_MEMBER = frozenset(
    {
        "members.read",
        "members.write",
        "members.reveal",
        "purchases.read",
        "points.read",
        "points.write",
        "messages.send",
    }
)
"""The core's permissions that always concern one member, so that they can be given for one's own alone."""

OF_A_RECORD = 3
"""The parts of a permission for what a plugin keeps about members: ``fitness.body_test.read``."""

NEVER_BY_PIN = (
    "staff.write",
    "settings.write",
    "members.erase",
    "members.import",
    "members.export",
    "audit.read",
)
"""What a few digits at a shared tablet do not allow, whoever taps them: it takes the password."""


def can_be_own(permission: str) -> bool:
    """Whether a permission can be given for the members that one is responsible for."""
    parts = permission.split(".")
    return permission in ABOUT_A_MEMBER or (len(parts) == OF_A_RECORD and parts[-1] in {"read", "write"})


@lru_cache(maxsize=8192)
def covers_own(held: tuple[str, ...], wanted: str) -> bool:
    """Whether a role's list grants a permission for the members that one is responsible for."""
    return covers(
        tuple(entry.removesuffix(OWN) for entry in held if entry.endswith(OWN) or entry.startswith("!")), wanted
    )


@lru_cache(maxsize=8192)
def covers(held: tuple[str, ...], wanted: str) -> bool:
    """Whether a role's list grants a permission.

    An entry is a name, or a pattern with ``*`` (``*`` alone is everything, ``*.*.read`` reading the
    records of all plugins); an entry that begins with ``!`` takes away what the others gave.
    """
    if any(fnmatchcase(wanted, entry[1:]) for entry in held if entry.startswith("!")):
        return False
    return any(fnmatchcase(wanted, entry) for entry in held if not entry.startswith("!"))
