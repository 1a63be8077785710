"""Tiers as rules name them: by code, also the one that members begin with and carry nothing of."""

from __future__ import annotations

from tessera.members.service.standing import tier_mark, tier_marks


def tier_titles() -> dict[str, str]:
    """The tiers by code, in their order."""
    return {mark.code: mark.title for mark in tier_marks()}


def tier_code(carried: str | None) -> str | None:
    """The code of the tier that a member carries; what no tier has any more stays as it is."""
    mark = tier_mark(carried)
    return mark.code if mark is not None else carried


def carried_by(code: str | None) -> str | None:
    """What members of a tier carry."""
    return next((mark.carried for mark in tier_marks() if mark.code == code), code)
