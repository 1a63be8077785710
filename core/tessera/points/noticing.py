"""Deeds that Tessera notices itself, from what happens: profiles, check-ins, and friends who were invited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tessera.conditions import facts_of_member, known_facts
from tessera.kernel import clock
from tessera.kernel.business import setting
from tessera.members.service import MemberUnknown, hold, referrer_of
from tessera.points.earning.known import FIRST_AT
from tessera.points.earning.rules import in_force
from tessera.points.earning.shipped import CHECK_IN, PROFILE, REFERRAL, REFERRED
from tessera.points.service.deeds import record_deed
from tessera.points.service.deeds_back import hold_points
from tessera_hooks import Happened, Text, _

PROFILE_FIELDS = "points.profile_fields"
"""The setting of what must be known of a member for a profile to be complete; fields of the business too."""

USUAL_FIELDS = ("name", "phone", "birthday", "gender")

FIELDS: Mapping[str, Text] = {
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "birthday": _("Birthday"),
    "gender": _("Gender"),
    "address": _("Address"),
}
"""What a complete profile may ask for, beside fields of the business: ``custom.size``."""

KINDS = (
    "member.created",
    "member.updated",
    "member.identity_added",
    "visit.recorded",
    "purchase.recorded",
)


def profile_fields() -> Sequence[str]:
    """What a complete profile asks for."""
    return [str(field) for field in setting(PROFILE_FIELDS, USUAL_FIELDS)]


def concerns(event: Happened) -> bool:
    """Whether a rule in force is about what happened: asked in memory, before anything is read."""
    if event.member is None:
        return False
    if event.kind == "visit.recorded" and event.payload["kind"] != CHECK_IN:
        return False
    return any(in_force(event.occurred_at, event.store, deed) for deed in _deeds(event))


def _deeds(event: Happened) -> tuple[str, ...]:
    match event.kind:
        case "visit.recorded":
            return (CHECK_IN,)
        case "purchase.recorded":
            return (REFERRAL, REFERRED)
        case _:
            return (PROFILE,)


async def notice(event: Happened) -> None:
    """Record the deed that an event is, for whoever the member is by now."""
    if event.member is None:
        return
    try:
        member = await hold(event.member)
    except MemberUnknown:  # erased since
        return
    match event.kind:
        case "visit.recorded":
            visit = str(event.payload["visit"])
            await record_deed(member, CHECK_IN, store=event.store, subject=visit, at=event.occurred_at)
        case "purchase.recorded":
            await _bought(member, event)
        case _:
            if await _is_complete(member):
                await record_deed(member, PROFILE, store=event.store, at=clock.now())


async def _is_complete(member: UUID) -> bool:
    """Whether all that is asked for is known; a field that is gone asks for nothing."""
    names = [f"{field}.known" if "." in field else f"member.{field}_known" for field in profile_fields()]
    asked = [name for name in names if name in known_facts()]
    values = await facts_of_member(member, asked)
    return bool(asked) and all(values.values())


async def _bought(member: UUID, event: Happened) -> None:
    """With the first purchase of someone who was invited, both sides are given points, as long as it stands.

    The buyer's points are held before looking: whoever takes the whole purchase back holds them too, so that
    either this finds it gone, or the return finds the deed.
    """
    referrer = await referrer_of(member)
    if referrer is None or referrer == member:
        return
    await hold_points(member)
    if (await facts_of_member(member, [FIRST_AT]))[FIRST_AT] != event.occurred_at:
        return
    purchase = UUID(str(event.payload["purchase"]))
    for who, deed, about in ((referrer, REFERRAL, member), (member, REFERRED, referrer)):
        await record_deed(who, deed, store=event.store, subject=str(about), at=event.occurred_at, purchase=purchase)
