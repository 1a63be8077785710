"""The one Jinja environment: templates of all rooms and plugins, texts in the language of the request."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from markupsafe import Markup, escape

from tessera.access.actor import actor
from tessera.access.service.stores import stores_of
from tessera.kernel.business import business, has_business
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES, current_locale, translate
from tessera.web import formats, navigation
from tessera.web.errors import next_step
from tessera.web.forms import ONCE_FIELD
from tessera.web.guard import CSRF_FIELD, CSRF_HEADER
from tessera.web.icons import icon
from tessera.web.static import static
from tessera.web.visit import visit
from tessera_hooks import Text

OWN = Path(__file__).parent / "templates"


class Compiled(FileSystemBytecodeCache):
    """Templates as they were compiled the last time; where they cannot be kept, they are compiled again."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one compiled template."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def compiled_in(folder: Path | None) -> Compiled | None:
    """Compiled templates in a folder that only we can write to; nothing where there is no such folder."""
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return Compiled(str(folder))


def environment(domains: Sequence[Path], plugins: Mapping[str, Path], compiled: Path | None = None) -> Environment:
    """The environment over the template folders of the core's rooms and of plugins.

    A plugin's folder ``templates`` is reached only below the plugin's own name, so that no plugin can
    replace a template of another or of the core. ``compiled`` is where compiled templates are kept, so that
    the first page after a start need not wait for the compiler.
    """
    made = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader([OWN, *domains]),
                PrefixLoader({name: FileSystemLoader(folder / name) for name, folder in plugins.items()}),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_in_language,
        auto_reload=False,
        bytecode_cache=compiled_in(compiled),
        cache_size=1000,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(_globals())
    made.filters["t"] = translate
    return made


def _in_language(value: Any) -> Any:
    """Whatever is printed: a text in the language of the request, nothing for ``None``."""
    if isinstance(value, Text):
        return translate(value)
    return "" if value is None else value


def _say(source: str, **values: Any) -> str:
    """``_("…")`` in a template."""
    return translate(Text(source, **values))


_CELL = re.compile(r"<td(?=[\s>])")


def label_cells(row: str, headings: Sequence[str]) -> Markup:
    """The cells of a table's row with the headings they stand below, for phones, where rows become cards."""
    labels = iter(headings)

    def labelled(match: re.Match[str]) -> str:
        label = next(labels, "")
        return f'{match[0]} data-label="{escape(translate(label))}"' if label else match[0]

    return Markup(_CELL.sub(labelled, row))  # noqa: S704 - what a template made, with escaped labels


_TAG = re.compile(r"<td(?=[\s>])([^>]*)>")
_AT_END = re.compile(r"""class="[^"]*\btext-end\b""")


def cells_at_end(row: str) -> list[bool]:
    """Which cells of a table's row stand at its right, such as numbers: their headings stand there too."""
    return [_AT_END.search(attributes) is not None for attributes in _TAG.findall(row)]


def initials(name: str) -> str:
    """One or two characters that stand for a name: the last two of a Chinese one, first letters of others."""
    words = name.split()
    if not words:
        return "?"
    if len(words) == 1 and not words[0].isascii():
        return words[0][-2:]
    return "".join(word[0] for word in words[:2]).upper()


def _globals() -> dict[str, Any]:
    return {
        "_": _say,
        "CSRF_FIELD": CSRF_FIELD,
        "CSRF_HEADER": CSRF_HEADER,
        "ONCE_FIELD": ONCE_FIELD,
        "new_id": uuid7,
        "LOCALES": LOCALES,
        "actor": actor,
        "initials": initials,
        "cells_at_end": cells_at_end,
        "label_cells": label_cells,
        "business": business,
        "has_business": has_business,
        "icon": icon,
        "locale": current_locale,
        "next_step": next_step,
        "current": navigation.current,
        "every": navigation.every,
        "phone_bar": navigation.phone_bar,
        "sections": navigation.sections,
        "static": static,
        "stores_of": stores_of,
        "visit": visit,
        "money": formats.money,
        "price": formats.price,
        "moment": formats.moment,
        "day": formats.day,
        "ago": formats.ago,
        "number": formats.number,
    }
