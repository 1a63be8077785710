"""Reasons that can be said in another language later: the English in the entry, the rest beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tessera_hooks import Text

SAID = "said"
"""Among the facts of an entry: the source of its reason and what stands in its braces."""

LONGEST = 200
"""Characters that a reason may have."""


def worded(reason: str, facts: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A reason as an entry holds it, and its facts with what a translation needs."""
    plain = str(reason)[:LONGEST]
    return plain, {**facts, SAID: _kept(reason)} if isinstance(reason, Text) else dict(facts)


def reason_of(reason: str, facts: Mapping[str, Any]) -> str:
    """A reason as it can be translated; as it stands where someone typed it, or it was erased."""
    said = facts.get(SAID)
    text = _text(said) if isinstance(said, dict) else reason
    return text if str(text)[:LONGEST] == reason else reason


def _kept(text: Text) -> dict[str, Any]:
    values = {name: _kept(value) if isinstance(value, Text) else value for name, value in text.values.items()}
    return {"text": text.source, "values": values}


def _text(said: Mapping[str, Any]) -> Text:
    values = {name: _text(value) if isinstance(value, dict) else value for name, value in said["values"].items()}
    return Text(said["text"], **values)
