"""Settings of the fields that the business adds to its members."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import DomainError
from tessera.kernel.texts import LOCALES, current_locale
from tessera.members.names import name_key
from tessera.members.service import fields
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

LIST, ONE = "members/settings_fields.html", "members/settings_field.html"

_WORDS = re.compile(r"[a-z0-9]+")


@get("/settings/fields", permission="settings.write")
async def list_fields() -> Template:
    """All fields, hidden ones too."""
    listed = [(field, await fields.values_held(field.id)) for field in fields.all_fields()]
    return Template(LIST, context={"fields": listed, "kinds": fields.KINDS})


@get("/settings/fields/new", permission="settings.write", sync_to_thread=False)
def new_field() -> Template:
    """The form for one more."""
    return Template(ONE, context={"form": Form.of(kind="text", active="yes"), **_context()})


@post("/settings/fields/new", permission="settings.write")
async def add_field(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add a field; without a code it gets one from its label."""
    form = await read_form(request)
    label = _label(form)
    try:
        made = await fields.make_field(
            form["code"] or code_of(label), form["kind"], label, choices=_choices(form["choices"]), **_switches(form)
        )
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context())
    return done("/settings/fields", _("{name} was added.", name=made.title))


def _context(field: fields.FieldFacts | None = None, held: int = 0) -> dict[str, Any]:
    return {"field": field, "held": held, "kinds": list(fields.KINDS.items()), "languages": list(LOCALES.items())}


def _label(form: Form) -> dict[str, str]:
    return {locale: form[f"label.{locale}"] for locale in LOCALES if form[f"label.{locale}"]}


def _switches(form: Form) -> dict[str, bool]:
    return {name: form[name] == "yes" for name in ("required", "sensitive", "searchable")}


def code_of(label: Mapping[str, str]) -> str:
    """A code from a label: its English words, or the pinyin of its Chinese ones."""
    text = label.get("en") or next(iter(label.values()), "")
    code = "_".join(_WORDS.findall(name_key(text)))[:40].strip("_")
    return code if code[:1].isalpha() else f"field_{code}"[:40].strip("_")


def _choices(text: str) -> dict[str, dict[str, str]]:
    """Choices as typed: a line each, ``code = label`` or the label alone; other languages behind ``|``."""
    found: dict[str, dict[str, str]] = {}
    languages = [current_locale(), *(locale for locale in LOCALES if locale != current_locale())]
    for line in filter(None, map(str.strip, text.splitlines())):
        code, equals, said = line.partition("=")
        labels = [part.strip() for part in (said if equals else line).split("|")]
        found[code.strip() if equals else labels[0]] = dict(zip(languages, labels, strict=False))
    return found


def choices_text(field: fields.FieldFacts) -> str:
    """The choices as one types them."""
    languages = [current_locale(), *(locale for locale in LOCALES if locale != current_locale())]
    lines = []
    for code, labels in field.choices.items():
        said = [labels.get(locale, "") for locale in languages]
        lines.append(f"{code} = {' | '.join(part for part in said if part) if said[0] else field.choice_title(code)}")
    return "\n".join(lines)


@get("/settings/fields/{code:str}", permission="settings.write")
async def show_field(code: FromPath[str]) -> Template:
    """One field."""
    field = _known(code)
    form = Form.of(
        kind=field.kind,
        choices=choices_text(field),
        place=field.place,
        active="yes" if field.active else "",
        **{name: "yes" if getattr(field, name) else "" for name in ("required", "sensitive", "searchable")},
    )
    form.values.update({f"label.{locale}": [text] for locale, text in field.label.items()})
    return Template(ONE, context={"form": form, **_context(field, await fields.values_held(field.id))})


def _known(code: str) -> fields.FieldFacts:
    for field in fields.all_fields():
        if field.code == code:
            return field
    raise fields.FieldUnknown(_('there is no field "{name}"', name=code))


@post("/settings/fields/{code:str}", permission="settings.write")
async def change_field(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Change what a field is called, what can be chosen, and whether it is shown."""
    form, field = await read_form(request), _known(code)
    place = int(form["place"]) if form["place"].isdecimal() and len(form["place"]) < 7 else field.place
    changes = {"label": _label(form), "choices": _choices(form["choices"]), "place": place, **_switches(form)}
    try:
        await fields.change_field(code, kind=form["kind"] or field.kind, active=form["active"] == "yes", **changes)
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(field, await fields.values_held(field.id)))
    return done("/settings/fields", _("Saved."))


@post("/settings/fields/{code:str}/erase", permission="settings.write")
async def erase_values(code: FromPath[str]) -> Response[Any]:
    """Erase what stands in a field for every member, for good."""
    count = await fields.erase_values(code)
    return done(f"/settings/fields/{code}", _("The values of {count} members were erased.", count=count))


@post("/settings/fields/{code:str}/delete", permission="settings.write")
async def delete_field(code: FromPath[str]) -> Response[Any]:
    """Take away a field in which nothing stands."""
    try:
        await fields.delete_field(code)
    except fields.FieldInUse as refusal:
        return done(f"/settings/fields/{code}", refusal.message, "danger")
    return done("/settings/fields", _("The field is gone."))


handlers = [list_fields, new_field, add_field, show_field, change_field, erase_values, delete_field]
