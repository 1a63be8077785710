"""What the audit notes of changes: who, what, the names of what was changed, and no value."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tessera.access import service
from tessera.access.service import WrongPassword
from tessera.kernel.business import set_business, set_setting
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import TooMany
from tessera.kernel.plugins.state import disable, enable
from tessera.members.service import account_of
from tessera.points import service as points

PASSWORD = "three quiet lanterns"

pytestmark = pytest.mark.usefixtures("store", "system")


async def noted() -> list[tuple[str, Any, Any]]:
    rows = await fetch("SELECT action, fields, facts FROM audit ORDER BY id")
    return [(row["action"], row["fields"], row["facts"]) for row in rows]


@pytest.fixture(autouse=True)
async def nothing_noted_yet(store: UUID) -> None:
    await execute("TRUNCATE audit")


async def test_a_changed_setting_is_noted_by_its_name_alone():
    await set_setting("messaging.mode", "on")
    assert await noted() == [("settings.changed", ["messaging.mode"], {})]


async def test_the_business_changed_is_noted():
    await set_business("Harbour", "CNY", "Asia/Shanghai", "en")
    assert await noted() == [("settings.business_changed", [], {})]


async def test_a_refused_change_is_not_noted():
    async def work() -> None:
        await set_setting("messaging.mode", "on")
        raise LookupError

    with pytest.raises(LookupError):
        await in_transaction(work)
    assert await noted() == []


async def test_plugins_switched_off_and_on_are_noted():
    await disable("fitness")
    await enable("fitness")
    assert [(action, facts["plugin"]) for action, _fields, facts in await noted()] == [
        ("plugins.disabled", "fitness"),
        ("plugins.enabled", "fitness"),
    ]


async def test_a_store_opened_and_closed_is_noted():
    xuhui = await service.add_store("xh", name="Xuhui")
    await service.change_store(xuhui.id, name="Xuhui", timezone="Asia/Shanghai", active=False)
    assert [(action, facts) for action, _fields, facts in await noted()] == [
        ("access.store_opened", {"code": "xh"}),
        ("access.store_changed", {"active": False}),
    ]


async def test_someone_who_signs_in_is_noted_first_as_new_at_the_browser():
    await service.add_staff("olga", "Olga", PASSWORD, role_code="owner")
    first = await service.sign_in("olga", PASSWORD)
    await service.sign_in("olga", PASSWORD, device=first.device)
    signed = [action for action, _fields, _facts in await noted() if "signed_in" in action]
    assert signed == ["access.signed_in_at_new_browser", "access.signed_in"]


async def test_the_attempt_from_which_on_others_wait_is_noted_once():
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await service.sign_in("olga", "wrong", address="10.0.0.9")
    with pytest.raises(TooMany):
        await service.sign_in("olga", "wrong", address="10.0.0.9")
    held = [facts for action, _fields, facts in await noted() if action == "access.sign_in_held_back"]
    assert held == [{"scope": "pair", "failures": 5}]


async def test_points_given_and_taken_by_hand_are_noted(member):
    ana = await member("Ana")
    await execute("TRUNCATE audit")
    account = await account_of(ana)
    await points.credit(account, ana, 50, reason="a gift")
    await points.debit(account, ana, 20, reason="a mug")
    assert [(action, facts["amount"]) for action, _fields, facts in await noted()] == [
        ("points.credited", 50),
        ("points.debited", -20),
    ]
