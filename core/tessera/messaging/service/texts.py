"""Templates: as they were declared, as the integrator changed them, and the text for one recipient."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchrow
from tessera.kernel.errors import FieldError, Forbidden, Invalid, NotFound
from tessera.kernel.plugins import PluginHost, host
from tessera.kernel.plugins.host import CORE
from tessera.kernel.texts import LOCALES, translate
from tessera.messaging.service.render import TemplateRefused, check_template
from tessera_hooks import MessageTemplate, Text, _

LONGEST_SUBJECT = 200
LONGEST_BODY = 10_000


class TemplateUnknown(NotFound):
    """There is no template of that code."""

    code = "template_unknown"


@dataclass(frozen=True)
class Template:
    """A template in force: ``subject`` and ``body`` by language, its own or the integrator's."""

    code: str
    plugin: str
    title: Text
    purpose: str
    subject: Mapping[str, str]
    body: Mapping[str, str]
    changed_at: datetime | None = None
    changed_by: str | None = None

    def language_for(self, wanted: str | None) -> str:
        """The language to write to someone in: theirs, the business's, else the first there is."""
        for language in (spoken(wanted), business().locale, "en", *self.body):
            if language and language in self.body and language in self.subject:
                return language
        raise TemplateUnknown(_('template "{code}" has no text', code=self.code))


def spoken(language: str | None) -> str | None:
    """A member's language as one of Tessera's: ``zh-CN`` is ``zh_Hans``."""
    if not language:
        return None
    return {"zh": "zh_Hans", "en": "en"}.get(language.replace("_", "-").split("-")[0].lower(), language)


def code_of(plugin: str, name: str) -> str:
    """The full name of a template: ``fitness.we_miss_you``; one that has its plugin's name keeps it."""
    return name if plugin == CORE or "." in name else f"{plugin}.{name}"


def declared(known: PluginHost | None = None) -> Mapping[str, tuple[str, MessageTemplate]]:
    """Every declared template with its plugin, by full name."""
    listed = (known or host()).declared("message_templates")
    return {code_of(d.plugin, d.value.name): (d.plugin, d.value) for d in listed}


def _own(code: str, plugin: str, template: MessageTemplate, row: Mapping[str, object] | None) -> Template:
    changed = row or {}
    return Template(
        code,
        plugin,
        template.title,
        template.purpose,
        {**template.subject, **dict(changed.get("subject") or {})},  # type: ignore[call-overload]
        {**template.body, **dict(changed.get("body") or {})},  # type: ignore[call-overload]
        changed.get("updated_at"),  # type: ignore[arg-type]
        changed.get("updated_by"),  # type: ignore[arg-type]
    )


async def template(code: str) -> Template:
    """A template as it is in force, by its full name, whether or not its plugin is enabled."""
    known = declared()
    if code not in known:
        near = next(iter(difflib.get_close_matches(code, known, n=1, cutoff=0.4)), None)
        if near:
            raise TemplateUnknown(_('there is no template "{code}", did you mean "{near}"?', code=code, near=near))
        raise TemplateUnknown(_('there is no template "{code}"', code=code))
    row = await fetchrow("SELECT * FROM message_template WHERE code = $1", code)
    return _own(code, *known[code], row)


async def templates() -> Sequence[Template]:
    """Every template of the core and of enabled plugins, as it is in force."""
    rows = {row["code"]: row for row in await fetch("SELECT * FROM message_template")}
    return [
        _own(code, plugin, declaration, rows.get(code))
        for code, (plugin, declaration) in declared().items()
        if host().enabled(plugin)
    ]


async def change_template(code: str, subject: Mapping[str, str], body: Mapping[str, str]) -> None:
    """Change a template's texts, or some of them; an empty text goes back to the declared one."""
    known = await template(code)
    _needs_everywhere()
    errors = []
    for part, texts, longest in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
        for language, text in texts.items():
            try:
                _check_text(text, longest)
            except TemplateRefused as refused:
                errors.append(FieldError(f"{part}_{language}", refused.message))
    if errors:
        raise Invalid(_("Some texts cannot be used."), errors)
    declaration = declared()[code][1]
    values = [
        msgspec.json.encode({k: v for k, v in texts.items() if v.strip() and v != original.get(k)}).decode()
        for texts, original in ((subject, declaration.subject), (body, declaration.body))
    ]
    await execute(
        "INSERT INTO message_template (code, plugin, subject, body, updated_at, updated_by) "
        "VALUES ($1, $2, $3::jsonb, $4::jsonb, $5, $6) ON CONFLICT (code) DO UPDATE SET "
        "subject = excluded.subject, body = excluded.body, updated_at = excluded.updated_at, "
        "updated_by = excluded.updated_by",
        code,
        known.plugin,
        *values,
        clock.now(),
        actor().label,
    )


async def reset_template(code: str) -> None:
    """Go back to the texts that the plugin brought."""
    _needs_everywhere()
    await execute("DELETE FROM message_template WHERE code = $1", code)


def _needs_everywhere() -> None:
    """Refuse whoever sends messages in some stores only: a text is that of the whole business."""
    if actor().stores_with("messages.send") is not None:
        raise Forbidden(_("This text is used in every store: only who may send messages in all of them changes it."))


def _check_text(text: str, longest: int) -> None:
    if len(text) > longest:
        raise TemplateRefused(_("write at most {n} characters", n=longest))
    check_template(text)


def title_of(code: str) -> str:
    """What a template is called in the language in force; its code where it has gone."""
    found = declared().get(code)
    return translate(found[1].title) if found else code


LANGUAGES = tuple(LOCALES)
"""The languages that a template is edited in."""
