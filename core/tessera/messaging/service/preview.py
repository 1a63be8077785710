"""How a text will read, with an invented member in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tessera.access.service import stores
from tessera.kernel.business import business
from tessera.kernel.errors import Invalid
from tessera.kernel.texts import translate
from tessera.messaging.service.mail import has_link
from tessera.messaging.service.render import CannotRender, check_template, render
from tessera_hooks import _

SAMPLES: Mapping[str, str] = {"en": "Alex Morgan", "zh_Hans": "王小明"}


@dataclass(frozen=True)
class Preview:
    """A text as it would arrive; ``problem`` where it could not."""

    language: str
    subject: str
    body: str
    problem: str = ""


def preview(language: str, subject: str, body: str, purpose: str) -> Preview:
    """Fill the texts in for an invented member of the first store."""
    values = {
        "member": {"name": SAMPLES.get(language, SAMPLES["en"])},
        "business": {"name": business().name},
        "store": {"name": next((s.name for s in stores() if s.active), business().name)},
        "values": {},
    }
    try:
        check_template(subject)
        check_template(body)
        text = render(body, values)
        if has_link(purpose):
            text += "\n\n-- \n" + translate(_("No more such messages: {link}", link="…"), language)
        return Preview(language, render(subject, values), text)
    except Invalid as refused:
        return Preview(language, "", "", translate(refused.message))
    except CannotRender as problem:
        return Preview(language, "", "", translate(_("A value is missing: {problem}", problem=problem)))
