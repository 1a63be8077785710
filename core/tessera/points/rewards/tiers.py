"""Tiers as prices know them: by code, the one that members begin with too."""

from __future__ import annotations

from tessera.members.service.standing import tier_mark, tier_marks


def tier_code(carried: str | None) -> str | None:
    """The code of the tier that a member carries; who carries none is in the first one, where there are tiers."""
    mark = tier_mark(carried)
    return mark.code if mark is not None else carried


def tier_titles() -> dict[str, str]:
    """The tiers by code, in their order."""
    return {mark.code: mark.title for mark in tier_marks()}
