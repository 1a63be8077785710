"""L11: every entry explains itself, after any sequence, in Chinese and in English, in numbers and in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.wallet import ahead, explained
from plugins.wallet.happenings import BEFORE, OPENED, STEP, TYPED, Happenings, set_up
from signed_in import owner

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.members.service import NewMember, account_of, create_member
from tessera.plugin import ledger
from tessera.points import service as points
from tessera.points.service import correcting, telling, tracing
from tessera.points.service.explaining import explanations
from tessera_wallet.packs import returning
from tessera_wallet.value.adjusting import adjust
from tessera_wallet.value.refunding import refund

__all__ = ["owner"]


@pytest.fixture(autouse=True)
def by_the_system() -> Iterator[None]:
    with clock.frozen(OPENED), system_actor():
        yield


@pytest.fixture
async def desk(store: UUID) -> UUID:
    await set_up()
    return store


async def someone(store: UUID) -> Happenings:
    """Someone new, in a business that has changed nothing yet."""
    await ahead.set_wallet(earns="spending", bonus_months=0, registered_limit=0, unregistered_limit=0)
    return Happenings(await create_member(NewMember(name="安娜", store=store)), store)


def check(one: explained.Told, trace: tracing.Trace) -> None:
    """What the product says of an entry is what its rows say, and no more."""
    opened = [(lot["amount"], lot["remaining"], lot["opens_at"], lot["expires_at"]) for lot in one.opened]
    drawn = sorted((part["credit"], part["part"]) for part in one.drawn)
    consumed = sorted((part["entry"], part["amount"]) for part in one.consumed)
    assert [(lot.amount, lot.remaining, lot.opens_at, lot.expires_at) for lot in trace.opened] == opened
    assert sorted((lot.entry, lot.amount) for lot in trace.drawn) == drawn
    assert sorted((part.entry, part.amount) for part in trace.consumed_by) == consumed
    assert trace.reversed == one.reversed
    in_full, in_short = telling.tell_everywhere(trace), explanations(trace.entry)
    for locale in explained.LANGUAGES:
        text = in_full[locale]
        assert text.startswith(in_short[locale])
        assert explained.stains(text, locale, TYPED) == [], text
        assert [name for name in one.names(locale) if name not in text] == [], text
        assert bool(explained.CJK.search(text)) >= (locale == "zh_Hans"), text


@settings(max_examples=max(settings().max_examples // 5, 4))
@given(steps=st.lists(STEP, min_size=10, max_size=24))
async def test_every_entry_explains_itself_in_both_languages(desk: UUID, steps: list[tuple[Any, ...]]) -> None:
    life = await someone(desk)
    for what, *values in [*BEFORE, *steps]:
        await life.step(what, *values)
    with clock.frozen(life.now):
        told = await explained.everything(life.member, life.now)
        shown = await points.entries(life.member, limit=10_000)
        said = {trace.entry.id: trace for trace in await tracing.traces(shown)}
        for one in told:
            assert one.adds_up, dict(one.row)
            check(one, said[one.row["id"]])
        assert explained.balances_add_up(told, shown)
        assert await points.verify() == []


MORE: tuple[tuple[Any, ...], ...] = (
    ("rule",),
    ("sell", 300_00, 20, False, False),
    ("bring_back", 2, 2),
    ("refund", 0, 1),
    ("cancel", 0),
    ("undo_use", 0),
    ("extend", 0),
    ("adjust", "bonus", 3_00),
    ("join", 90, True),
    ("wait", 35),
    ("wait", 35),
    ("book",),
)


@pytest.fixture
async def told(desk: UUID) -> tuple[Happenings, list[explained.Told]]:
    """Someone to whom most things have happened, and their entries."""
    life = await someone(desk)
    for what, *values in [*BEFORE, *MORE]:
        await life.step(what, *values)
    return life, await explained.everything(life.member, life.now)


async def test_programs_get_the_same_in_both_languages(api: httpx.AsyncClient, told: Any) -> None:
    life, entries = told
    with clock.frozen(life.now):
        for one in entries:
            said = (await api.get(f"/entries/{one.row['id']}/explanation")).json()
            assert said["text"] == telling.tell_everywhere(await tracing.trace(one.row["id"]))
            assert said["rule"] == (one.row["rule"] and {"code": one.row["rule"], "version": one.row["rule_version"]})
            lots = [lot["amount"] for lot in one.opened] + [part["part"] for part in one.drawn]
            assert sum(lot["amount"] for lot in said["lots"]) == sum(lots)
            assert sum(part["amount"] for part in said["consumed_by"]) == sum(part["amount"] for part in one.consumed)


@pytest.mark.parametrize("locale", explained.LANGUAGES)
async def test_pages_say_the_same_and_name_no_code(owner: httpx.AsyncClient, told: Any, locale: str) -> None:
    life, entries = told
    with clock.frozen(life.now):
        olga = await fetchval("SELECT id FROM staff WHERE login = 'olga'")
        owner.cookies.update({"tessera_locale": locale, "tessera_session": await access.open_session(olga)})
        lists = f"/members/{life.member}/points"
        listed = {unit: await owner.get(lists, params={"unit": unit}) for unit in {one.row["unit"] for one in entries}}
        for one in entries:
            shown = explained.visible((await owner.get(f"/entries/{one.row['id']}")).text)
            text = telling.tell_everywhere(await tracing.trace(one.row["id"]))[locale]
            assert text in shown
            assert text in explained.visible(listed[one.row["unit"]].text)
            assert explained.stains(shown, locale, (*TYPED, "安娜", "Olga", "visit")) == [], shown


async def said_of(member: UUID, kind: str, unit: str) -> list[str]:
    """What the entries of a kind say in English, the oldest first."""
    found = [entry for entry in await points.entries(member, unit=unit) if entry.kind == kind]
    return [telling.tell_everywhere(trace)["en"] for trace in reversed(await tracing.traces(found))]


async def test_a_refund_whose_points_are_spent_says_what_is_owed(member: Any) -> None:
    ana = await member("Ana")
    await ahead.set_wallet(earns="recharge", unregistered_limit=0)
    paid = await ahead.paid_in(ana, 1500_00)
    await points.debit(await account_of(ana), ana, 1500, reason="towel")
    await refund(paid.id, method="cash", reason="moves away")
    assert await said_of(ana, "reverse", "points") == [
        "Taken back by Tessera: Recharge refunded; 1,500 are owed: the next points pay them first"
    ]


async def test_a_redemption_that_comes_back_says_what_of_it_paid_what_was_owed(member: Any) -> None:
    ana = await member("Ana")
    bought = await ahead.checkout(ana, 30_00, by_value=0)
    await points.credit(await account_of(ana), ana, 10, reason="gift")
    spent = await points.debit(await account_of(ana), ana, 40, reason="towel")
    await ahead.bring_back(bought.id)
    await correcting.reverse_by_hand(spent.id, reason="too small")
    (said,) = await said_of(ana, "reverse", "points")
    assert said.endswith("too small; 10 go back to the credit of Nov 20, 2026; 30 of it paid what was owed")


async def test_an_extension_says_until_when(member: Any) -> None:
    ana = await member("Ana")
    pack = await ahead.sold(ana, validity="days", validity_n=10)
    await returning.extend(pack.id, OPENED.date() + timedelta(days=30), reason="was ill")
    assert await said_of(ana, "extend", pack.unit) == ["Prolonged by Tessera: was ill; until Dec 20, 2026"]


async def test_what_expired_names_the_credit_and_what_was_spent_before_says_so(member: Any) -> None:
    ana, until = await member("Ana"), OPENED + timedelta(days=2)
    account = await account_of(ana)
    for amount in (30, 40):
        await points.credit(account, ana, amount, reason="gift", expires_at=until)
    await points.debit(account, ana, 30, reason="towel")
    with clock.frozen(until):
        await points.book_all_expired()
        assert await said_of(ana, "expire", "points") == [
            "Expired before it was spent; 40 come from the credit of Nov 20, 2026"
        ]
        assert await said_of(ana, "credit", "points") == [
            "Credited by Tessera: gift; nothing of it is left",
            "Credited by Tessera: gift; 40 of it expired after Nov 22, 2026",
        ]


async def test_a_correction_beyond_what_is_there_is_refused_in_yuan(member: Any) -> None:
    ana = await member("Ana")
    await ahead.paid_in(ana, 3_50)
    with pytest.raises(ledger.InsufficientBalance, match=r"only ¥3\.50 are available, ¥5\.00 are needed"):
        await adjust(ana, "principal", -5_00, reason="typed too much", store="main")
