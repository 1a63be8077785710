"""The languages of the interface: which one is in force, and how an English text reads in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tessera_hooks import Text, _

__all__ = ["LOCALES", "Text", "_", "add_catalogue", "current_locale", "own_text", "translate", "use_locale"]

LOCALES = {"en": "English", "zh_Hans": "简体中文"}
"""Languages with a complete interface, by code, each in its own name."""

_locale: ContextVar[str] = ContextVar("locale", default="en")
_catalogues: dict[str, dict[str, str]] = {"zh_Hans": {}}
_known: set[Path] = set()
_waiting: dict[str, list[Path]] = {"zh_Hans": []}


def current_locale() -> str:
    """The language that this request, message or command speaks."""
    return _locale.get()


def set_locale(locale: str) -> None:
    """Speak another language from here on in this task."""
    _locale.set(locale if locale in LOCALES else "en")


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Speak another language within the block."""
    token = _locale.set(locale if locale in LOCALES else "en")
    try:
        yield
    finally:
        _locale.reset(token)


def add_catalogue(folder: Path) -> None:
    """Take in the translations below ``folder`` (``zh_Hans/LC_MESSAGES/*.po``), once each, when first needed."""
    for locale in _catalogues:
        for path in sorted(folder.glob(f"{locale}/LC_MESSAGES/*.po")):
            if path not in _known:
                _known.add(path)
                _waiting[locale].append(path)


def catalogue_files() -> list[Path]:
    """Every file of translations that was taken in."""
    return sorted(_known)


def _catalogue(locale: str) -> dict[str, str] | None:
    """The translations into a language; reading them takes a moment that a start in English need not wait for."""
    catalogue = _catalogues.get(locale)
    if catalogue is None:
        return None
    if _waiting[locale]:
        from babel.messages.pofile import read_po

        for path in _waiting[locale]:
            with path.open("rb") as file:
                for message in read_po(file, locale=locale):
                    if message.id and message.string and isinstance(message.id, str):
                        catalogue[message.id] = str(message.string)
        _waiting[locale].clear()
    return catalogue


def translate(text: str, locale: str | None = None) -> str:
    """The text in the language in force or the one given; English where it has no translation."""
    catalogue = _catalogue(locale or _locale.get())
    source = text.source if isinstance(text, Text) else text
    values: dict[str, Any] = text.values if isinstance(text, Text) else {}
    if catalogue is None:
        return str(text)
    said = catalogue.get(source)
    if said is None:
        return str(text)
    spoken = {k: translate(v, locale) if isinstance(v, Text) else v for k, v in values.items()}
    return said.format(**spoken) if values else said


add_catalogue(Path(__file__).parents[1] / "locale")


def own_text(texts: Mapping[str, str], otherwise: str = "") -> str:
    """What someone wrote in several languages, in the one in force, else in any that there is."""
    return texts.get(current_locale()) or next((text for text in texts.values() if text), otherwise)
