"""What tiers are called, told by the room that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_told: list[Callable[[], Mapping[str, str]]] = []


def register_tiers(titles: Callable[[], Mapping[str, str]]) -> None:
    """Let the room of tiers tell its codes and titles, from memory and in the language in force."""
    if titles not in _told:
        _told.append(titles)


def tier_titles() -> dict[str, str]:
    """The tiers by code, in their order."""
    return {code: title for titles in _told for code, title in titles().items()}
