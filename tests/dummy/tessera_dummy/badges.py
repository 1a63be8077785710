"""Badges, which members can have for points."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.plugin import Conflict, now, uuid7
from tessera_dummy.tables import Seen
from tessera_hooks import Redeeming, Text, _


class BadgeWorn(Conflict):
    """A badge that is pinned on does not come back."""

    code = "dummy_badge_worn"


async def give(redeeming: Redeeming) -> str:
    """Hand a badge out; there is none that is invisible."""
    colour = redeeming.detail["choice"]
    if colour == "invisible":
        raise BadgeWorn(_("nobody can find the invisible badge"))
    await Seen.insert(Seen(id=uuid7(), what=f"given {colour}", about=redeeming.member, amount=None, at=now()))
    return f"badge-{colour}"


async def take_back(redeeming: Redeeming) -> None:
    """Take a badge back, unless it is worn."""
    if await Seen.exists().where(Seen.about == redeeming.member, Seen.what == "worn"):
        raise BadgeWorn(_("the badge is worn already"))
    await Seen.delete().where(Seen.about == redeeming.member, Seen.what == f"given {redeeming.detail['choice']}")


async def colours() -> Mapping[str, Text]:
    """The badges there are."""
    return {"red": _("Red"), "invisible": _("Invisible")}
