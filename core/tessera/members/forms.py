"""The form of a member: filled in from one, and read into what is to be made or changed."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET, UnsetType

from tessera.access import service as access
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.normalise import Birthday
from tessera.members.service import Changes, MemberView, NewMember
from tessera.web.forms import Form

SEALED = ("phone", "email", "address")
"""Fields that stand empty where they are masked: what is left empty then stays."""


def filled_in(view: MemberView) -> Form:
    """The form of a member; what the person may not see stays empty."""
    store = access.store_of(view.store)
    readable = {name: getattr(view, name) for name in SEALED if view.revealed}
    return Form.of(
        name=view.name,
        gender=view.gender or "",
        **birthday_fields(view.birthday),
        language=view.language or "",
        timezone=view.timezone or "",
        source=view.source,
        joined_on=view.joined_on,
        store=store.code if store else "",
        version=view.version,
        **readable,
    )


def birthday_fields(born: Birthday | None) -> dict[str, object]:
    """A birthday as the form asks for it: the calendar, and the fields of that calendar."""
    if born is None or born.lunar is None:
        return {"calendar": "solar", "birthday": str(born).removeprefix("--") if born else ""}
    lunar = born.lunar
    return {
        "calendar": "lunar",
        "lunar_year": born.lunar_year or "",
        "lunar_month": lunar.month,
        "lunar_day": lunar.day,
        "lunar_leap": "yes" if lunar.leap else "",
    }


def birthday_of_form(form: Form) -> str:
    """The birthday as it is written elsewhere; empty where none was given."""
    if form["calendar"] != "lunar":
        return form["birthday"]
    year, month, day = (form[f"lunar_{part}"] for part in ("year", "month", "day"))
    if not (year or month or day):
        return ""
    return f"lunar:{year or '-'}-{'L' if form.has('lunar_leap', 'yes') else ''}{month or '0'}-{day or '0'}"


def store_of_form(form: Form) -> UUID | None:
    """The store that was chosen."""
    if not form["store"]:
        return None
    try:
        return access.store_by_code(form["store"]).id
    except access.StoreUnknown as refusal:
        raise Invalid(refusal.message, [FieldError("store", refusal.message)]) from None


def new_member(form: Form) -> NewMember:
    """Someone new, as typed."""
    granted = form.all("agreed")
    return NewMember(
        name=form["name"],
        phone=form["phone"],
        email=form["email"],
        gender=form["gender"],
        birthday=birthday_of_form(form),
        address=form["address"],
        language=form["language"] or None,
        timezone=form["timezone"] or None,
        source=form["source"],
        store=store_of_form(form),
        note=form["note"],
        identities=[(kind, form[kind]) for kind in ("card", "resident_id") if form[kind]],
        consents=[("marketing", channel, "granted") for channel in ("sms", "email") if channel in granted],
    )


def changes_of(form: Form, view: MemberView) -> Changes:
    """What is to change; a masked field that was left empty stays as it is, unless it is to be removed."""

    def sealed(name: str) -> str | UnsetType | None:
        keep = not view.revealed and not form[name] and not form.has(f"clear_{name}", "yes")
        return UNSET if keep else form[name] or None

    store = store_of_form(form)
    return Changes(
        name=form["name"] or None,
        phone=sealed("phone"),
        email=sealed("email"),
        address=sealed("address"),
        gender=form["gender"] or None,
        birthday=birthday_of_form(form) or None,
        language=form["language"] or None,
        timezone=form["timezone"] or None,
        source=form["source"] or None,
        joined_on=form["joined_on"] or None,
        store=store if store is not None else UNSET,
    )
