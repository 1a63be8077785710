"""The first step of every normalisation: one width of character, nothing invisible, no stray spaces."""

from __future__ import annotations

import re
import unicodedata

from tessera.kernel.errors import Invalid
from tessera_hooks import Text, _

_HIDDEN = {"Cc", "Cf", "Cs"}
ROUNDED = re.compile(r"[+-]?\d+(\.\d+)?[eE][+]?\d+")
"""A number as a spreadsheet shows it when it is too long for its cell: ``1.38E+10``."""


class Unusable(Invalid):
    """A value that cannot be used; ``reason`` says why and never repeats the value."""

    code = "unusable_value"

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def plain(text: str) -> str:
    """NFKC, without control, zero-width and direction characters; runs of white space are one space."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if not text.isprintable():
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _HIDDEN)
    return " ".join(text.split())


def rounded() -> Unusable:
    """The refusal of a number that a spreadsheet has shortened: its last digits are gone."""
    return Unusable(_("a spreadsheet has rounded this number; export the column as text"))
