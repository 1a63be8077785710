"""Texts that people read: written in English where they are used, translated when they are shown."""

from __future__ import annotations

from typing import Any


class Text(str):
    """An English sentence that knows its source and its values, so that it can be said in another language.

    As a string it is the English; ``source`` is the key of the translation and ``values`` what
    stands in its braces.
    """

    source: str
    values: dict[str, Any]

    def __new__(cls, source: str, /, **values: Any) -> Text:
        text = super().__new__(cls, source.format(**values) if values else source)
        text.source = source
        text.values = values
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (self.source, self.values))


def _restore(source: str, values: dict[str, Any]) -> Text:
    return Text(source, **values)


def _(source: str, /, **values: Any) -> Text:
    """Mark a text for translation: ``_("Body test")``, ``_("{n} rows", n=3)``."""
    return Text(source, **values)
