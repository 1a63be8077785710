"""Invented coupons for demonstrations: some that can be used, some that wait, some open codes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import current_locale
from tessera_wallet.coupons.issuing import issue, issue_codes
from tessera_wallet.coupons.kinds import NewKind, make_kind

NAMES = {
    "en": ("10 off for newcomers", "A fifth off, from 100 on", "A tea on the house", "A cup of tea"),
    "zh_Hans": ("新人立减 10 元", "满 100 享八折", "到店赠茶", "茶一杯"),
}


async def create(member_ids: Sequence[UUID]) -> None:
    """Three kinds, one or two coupons for two of three members, and some codes for whoever holds them."""
    welcome, fifth, tea, gift = NAMES.get(current_locale(), NAMES["en"])
    await make_kind("welcome", NewKind(title=welcome, amount=10_00, valid_days=30, member_limit=1, stacks=True))
    share = NewKind(title=fifth, gives="percent", percent=20, cap=50_00, minimum=100_00, valid_days=14)
    await make_kind("fifth-off", share)
    await make_kind("tea", NewKind(title=tea, gives="gift", gift=gift, valid_days=90, total_limit=500))
    for number, member in enumerate(member_ids):
        if number % 3 != 2:
            await issue(member, "welcome", source="sample")
        if number % 3 == 0:
            await issue(member, "fifth-off", source="sample")
    await issue_codes("tea", 20)
