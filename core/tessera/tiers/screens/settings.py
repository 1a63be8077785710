"""Settings: the tiers, what they ask for and give, their order, and how members qualify."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel import long_jobs
from tessera.kernel.errors import DomainError
from tessera.kernel.texts import LOCALES, translate
from tessera.members.service.tags import TONES
from tessera.tiers import forms
from tessera.tiers.metrics import all_metrics
from tessera.tiers.periods import scheme, set_scheme
from tessera.tiers.service import applying, changing
from tessera.tiers.service.defined import TierFacts, tier_by_code, tiers
from tessera.tiers.service.moving import stored_code
from tessera.tiers.service.preview import members_by_tier, would_be
from tessera.tiers.service.rising import MANY, raise_everyone
from tessera.tiers.service.words import say_benefits, say_criteria
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

HERE, LIST, ONE = "/settings/tiers", "tiers/settings.html", "tiers/one.html"

COLOURS: dict[str, Text] = {
    "": _("Gray"),
    "azure": _("Light blue"),
    "blue": _("Blue"),
    "green": _("Green"),
    "yellow": _("Gold"),
    "orange": _("Orange"),
    "red": _("Red"),
    "pink": _("Pink"),
    "purple": _("Purple"),
}
"""The colours of tiers, by the tones that badges have."""


@get(HERE, permission="settings.write")
async def list_tiers() -> Template:
    """All tiers in their order, and how members qualify."""
    return Template(LIST, context={"form": forms.of_scheme(scheme()), **await _all()})


async def _all() -> dict[str, Any]:
    held = await members_by_tier()
    return {
        "tiers": [
            (tier, say_criteria(tier.criteria), say_benefits(tier.benefits), held.get(stored_code(tier), 0))
            for tier in tiers()
        ],
        "archived": [(tier, held.get(tier.code, 0)) for tier in tiers(archived=True) if tier.archived],
        "months": [(str(n), name) for n, name in forms.month_names()],
    }


@post(HERE + "/scheme", permission="settings.write")
async def change_scheme(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say how members qualify."""
    form = await read_form(request)
    try:
        await set_scheme(forms.scheme_from(form))
    except DomainError as refusal:
        return shown_again(LIST, form, refusal, await _all())
    return done(HERE, _("Saved."))


@post(HERE + "/apply", permission="settings.write")
async def apply() -> Response[Any]:
    """Raise whoever meets a higher tier now: at once, or in the background where there are many members."""
    if sum((await members_by_tier()).values()) > MANY:
        async with long_jobs.connected_queue() as queue:
            await long_jobs.begin(queue, applying.JOB, translate(_("Raising members to their tiers")))
        return done(HERE, _("This runs in the background now."))
    return done(HERE, _("{n} members went up.", n=await raise_everyone()))


@get(HERE + "/new", permission="settings.write", sync_to_thread=False)
def new_tier() -> Template:
    """The form for one more."""
    return Template(ONE, context={"form": forms.of_tier(None), **_one(None)})


@post(HERE + "/new", permission="settings.write")
async def add_tier(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add a tier, or show how many members would be in it."""
    form = await read_form(request)
    try:
        given = forms.tier_from(form)
        if form["act"] == "count":
            rank = max(tier.rank for tier in tiers(archived=True)) + 1
            return await _counted(form, None, given.as_tier("", rank))
        made = await changing.add_tier(
            given.name, code=form["code"], tone=given.tone, criteria=given.criteria, benefits=given.benefits
        )
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _one(None))
    return done(HERE, _("{name} was added.", name=made.title))


@get(HERE + "/{code:str}", permission="settings.write", sync_to_thread=False)
def show_tier(code: FromPath[str]) -> Template:
    """One tier."""
    tier = tier_by_code(code)
    return Template(ONE, context={"form": forms.of_tier(tier), **_one(tier)})


@post(HERE + "/{code:str}", permission="settings.write")
async def change_tier(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Change a tier, or show how many members would be in it."""
    tier, form = tier_by_code(code), await read_form(request)
    try:
        given = forms.tier_from(form)
        if form["act"] == "count":
            return await _counted(form, tier, given.as_tier(tier.code, tier.rank))
        changed = await changing.change_tier(
            tier.code, given.name, tone=given.tone, criteria=given.criteria, benefits=given.benefits
        )
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _one(tier))
    return done(HERE, _("{name} was changed.", name=changed.title))


@post(HERE + "/{code:str}/move", permission="settings.write")
async def move_tier(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Put a tier above or below its neighbour."""
    form = await read_form(request)
    await changing.move_tier(tier_by_code(code).code, up=form["up"] == "yes")
    return done(HERE)


@post(HERE + "/{code:str}/archive", permission="settings.write")
async def archive_tier(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Take a tier out of use, or back."""
    form = await read_form(request)
    await changing.archive_tier(code, archived=form["back"] != "yes")
    return done(HERE, _("Saved."))


def _one(tier: TierFacts | None) -> dict[str, Any]:
    """What the form of a tier offers."""
    return {
        "tier": tier,
        "tones": [(tone, COLOURS[tone]) for tone in ("", *TONES)],
        "metrics": list(all_metrics().items()),
        "languages": list(LOCALES.items()),
        "counts": None,
    }


async def _counted(form: Form, tier: TierFacts | None, wanted: TierFacts) -> Template:
    """The form again, with how many members would be in each tier."""
    changing.check_tier(wanted)
    others = [one for one in tiers() if tier is None or one.code != tier.code]
    planned = sorted([*others, wanted], key=lambda one: one.rank)
    numbers, held = await would_be(planned), await members_by_tier()
    counts = [
        (one.title if one.code else form["name_en"] or form["name_zh_Hans"] or translate(_("the new tier")),
         numbers.get(one.rank), held.get(stored_code(one), 0) if one.code else 0)
        for one in planned
    ]  # fmt: skip
    return Template(ONE, context={"form": form, **_one(tier), "counts": counts})


handlers = [
    list_tiers, change_scheme, apply, new_tier, add_tier, show_tier, change_tier, move_tier, archive_tier,
]  # fmt: skip
