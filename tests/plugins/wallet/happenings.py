"""Whatever a desk can do to a member, one step after another; what cannot be done now is refused and left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from plugins.wallet import ahead

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch
from tessera.kernel.errors import DomainError, NotFound
from tessera.members.service import NewMember, account_of, create_member, merging
from tessera.plugin import ledger
from tessera.points import service as points
from tessera.points.earning import changing
from tessera.points.rewards import service as rewards
from tessera.points.rewards.service import NewReward
from tessera.points.service import correcting, deeds
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPayment, NewPurchase, NewReturn
from tessera.tiers.service.changing import add_tier
from tessera.tiers.service.defined import Benefits, Criteria
from tessera_hooks import Claim, EarningSpec, Factor, Fixed, PerAmount, Rate
from tessera_wallet.packs import returning, using
from tessera_wallet.value.adjusting import adjust
from tessera_wallet.value.refunding import refund

OPENED = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

REASON = "№ 8"
"""What people type stands in no language."""

TYPED = ("茶", "谢谢", "早鸟", "十次卡")
"""Titles that people typed, in one language only."""

PLACE = st.integers(0, 9)

STEP = st.one_of(
    st.tuples(st.just("sell"), st.integers(1, 900_00), st.sampled_from([0, 20, 700]), st.booleans(), st.booleans()),
    st.tuples(st.just("sell"), st.integers(1, 5000_00), st.just(0), st.just(False), st.just(False)),
    st.tuples(st.just("bring_back"), PLACE, st.sampled_from([3, 2, 1])),
    st.tuples(st.just("recharge"), st.integers(1, 900_00), st.sampled_from([0, 50_00])),
    st.tuples(st.just("refund"), PLACE, st.sampled_from([3, 1])),
    st.tuples(st.just("redeem"), st.sampled_from(["mug", "five"])),
    st.tuples(st.just("cancel"), PLACE),
    st.tuples(st.just("give"), st.integers(1, 3000), st.sampled_from([None, 0, 30])),
    st.tuples(st.just("open_later"), st.integers(1, 90)),
    st.tuples(st.just("take"), st.integers(1, 2000)),
    st.tuples(st.just("reverse"), PLACE),
    st.tuples(st.just("adjust"), st.sampled_from(["principal", "bonus"]), st.sampled_from([-5_00, 3_00, 1234_56])),
    st.tuples(st.just("pack"), st.sampled_from(["", "days", "first_use"])),
    st.tuples(st.just("use"), st.integers(1, 4)),
    st.tuples(st.just("undo_use"), PLACE),
    st.tuples(st.just("extend"), PLACE),
    st.tuples(st.just("end_pack"), PLACE),
    st.tuples(st.just("cup")),
    st.tuples(st.just("rule")),
    st.tuples(st.just("settings"), st.sampled_from(["recharge", "spending"]), st.sampled_from([0, 1])),
    st.tuples(st.just("join"), st.integers(1, 300), st.booleans()),
    st.tuples(st.just("part")),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 35, 70])),
    st.tuples(st.just("book")),
)


async def set_up() -> None:
    """Rules of every sort, a tier that multiplies, rewards; points last to the end of the next month."""
    await set_setting("points.expiry_months", 1)
    tea = PerAmount((Rate(Decimal(1), Decimal(10)),), rounding="up", by="line", full=True)
    await changing.add_rule("茶", EarningSpec(earns=tea, categories=("茶",), most_per_day=60))
    await changing.add_rule("谢谢", EarningSpec(earns=Fixed(7), most_per_member=30))
    await changing.add_rule("早鸟", EarningSpec(earns=Factor(Decimal("1.5")), categories=("茶",)))
    await changing.switch("points.own_cup", on=True)
    await add_tier(
        {"en": "Silver", "zh_Hans": "银卡"},
        criteria=Criteria(asks={"spend": 500_00}),
        benefits=Benefits(multiplier=Decimal(2)),
    )
    await rewards.make_reward(NewReward(code="mug", title={"en": "Mug", "zh_Hans": "杯子"}, points=40))
    await rewards.make_reward(
        NewReward(code="five", title={"en": "Five off", "zh_Hans": "减五元"}, points=50, kind="cash_off", amount=5_00)
    )


BEFORE: Sequence[tuple[Any, ...]] = (
    ("recharge", 100_00, 50_00),
    ("sell", 1200_00, 0, True, False),
    ("give", 60, 0),
    ("redeem", "five"),
    ("sell", 90_00, 20, True, True),
    ("pack", "first_use"),
    ("use", 1),
)
"""What has happened to whoever comes in, so that there is something to undo."""


@dataclass
class Happenings:
    """What has happened to one member."""

    member: UUID
    store: UUID
    now: datetime = OPENED
    numbers: int = 0
    rule_version: int = 0
    sales: list[UUID] = field(default_factory=list)
    recharges: list[UUID] = field(default_factory=list)
    redeemed: list[UUID] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    packs: list[UUID] = field(default_factory=list)
    uses: list[UUID] = field(default_factory=list)
    merges: list[UUID] = field(default_factory=list)

    def number(self) -> str:
        self.numbers += 1
        return f"{self.member}-{self.numbers}"

    async def step(self, what: str, *values: Any) -> bool:
        """One step, a minute after the one before; answers whether it could be done."""
        self.now += timedelta(minutes=1)
        with clock.frozen(self.now), suppress(DomainError):
            await getattr(self, what)(*values)
            return True
        return False

    async def sell(self, price: int, by_points: int, by_value: bool, cash_off: bool) -> None:
        codes = self.codes[:1] if cash_off else []
        amount = max(price - 5_00 * len(codes), 0)
        held = sum(await ahead.balance(self.member)) if by_value else 0
        paid = [NewPayment(ahead.VALUE, min(held, amount - by_points))] if held else []
        lines = [NewLine(category="茶", amount=price // 3), NewLine(amount=price - price // 3)]
        done = await purchases.record_purchase(
            NewPurchase(
                source="till",
                external_id=self.number(),
                buyer=Buyer(id=self.member),
                store="main",
                amount=amount,
                discount=price - amount,
                lines=lines,
                payments=paid,
                redeem={"points": by_points} if by_points else {},
                claims=[Claim("core.reward", code) for code in codes],
            )
        )
        self.sales.append(done.id)

    async def bring_back(self, place: int, part: int) -> None:
        purchase = _one(self.sales, place)
        (row,) = await fetch("SELECT amount - returned AS left FROM purchase WHERE id = $1", purchase)
        amount = row["left"] // part
        await purchases.record_return(
            NewReturn(source="till", external_id=self.number(), purchase=purchase, store="main", amount=amount)
        )

    async def recharge(self, amount: int, bonus: int) -> None:
        self.recharges.append((await ahead.paid_in(self.member, amount, bonus)).id)

    async def refund(self, place: int, part: int) -> None:
        recharge = _one(self.recharges, place)
        (row,) = await fetch("SELECT paid FROM wallet.recharge WHERE id = $1", recharge)
        await refund(recharge, row["paid"] // part or 1, method="cash", reason=REASON)

    async def redeem(self, code: str) -> None:
        done = await rewards.redeem(self.member, code)
        self.redeemed.append(done.id)
        self.codes += [done.code] if code == "five" else []

    async def cancel(self, place: int) -> None:
        await rewards.cancel(_one(self.redeemed, place), REASON)

    async def give(self, amount: int, days: int | None) -> None:
        until = None if days is None else clock.midnight(self.now.date() + timedelta(days=days + 2), "Asia/Shanghai")
        account = await account_of(self.member)
        await points.credit(account, self.member, amount, reason=REASON, expires_at=until)

    async def open_later(self, amount: int) -> None:
        opens = self.now + timedelta(days=30)
        await ledger.credit(self.member, "points", amount, reason=REASON, source="dummy.gift", opens_at=opens)

    async def take(self, amount: int) -> None:
        await points.debit(await account_of(self.member), self.member, amount, reason=REASON)

    async def reverse(self, place: int) -> None:
        found = await points.entries(self.member, limit=10)
        await correcting.reverse_by_hand(_one([entry.id for entry in found], place), reason=REASON)

    async def adjust(self, part: Any, amount: int) -> None:
        await adjust(self.member, part, amount, reason=REASON, store="main")

    async def pack(self, validity: str) -> None:
        begins = "first_use" if validity == "first_use" else "purchase"
        lasts = {"validity": "days", "validity_n": 20, "validity_from": begins} if validity else {}
        self.packs.append((await ahead.sold(self.member, title="十次卡", bought=4, gifted=1, **lasts)).id)

    async def use(self, units: int) -> None:
        self.uses.append((await using.use(self.member, kind="visit", units=units)).id)

    async def undo_use(self, place: int) -> None:
        await using.undo(_one(self.uses, place), reason=REASON)

    async def extend(self, place: int) -> None:
        await returning.extend(_one(self.packs, place), self.now.date() + timedelta(days=60), reason=REASON)

    async def end_pack(self, place: int) -> None:
        await returning.take_back(_one(self.packs, place), method="cash", reason=REASON)

    async def cup(self) -> None:
        await deeds.note_deed(self.member, "own_cup", store=self.store)

    async def rule(self) -> None:
        """The next version of the rule that everything earns by."""
        known = changing.rule("points.per_amount")
        rate = Decimal(2 if known.version % 2 else 1)
        spec = EarningSpec(earns=PerAmount((Rate(rate),), rounding="half_up"))
        await changing.change_rule(known.code, known.version, known.title.source, spec)

    async def settings(self, earns: str, months: int) -> None:
        await ahead.set_wallet(earns=earns, bonus_months=months)

    async def join(self, amount: int, owes: bool) -> None:
        """Someone who turns out to be the same person, and may owe something."""
        twin = Happenings(await create_member(NewMember(name="安娜", store=self.store)), self.store, self.now)
        await twin.sell(amount * 100, 0, by_value=False, cash_off=False)
        if owes:
            await twin.take(amount)
            await twin.bring_back(0, 1)
        self.merges.append((await merging.merge(self.member, twin.member)).merge)

    async def part(self) -> None:
        await merging.undo(self.merges.pop(), force=True) if self.merges else None

    async def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    async def book(self) -> None:
        await points.book_all_expired()


def _one(some: Sequence[UUID], place: int) -> UUID:
    """One of what there is; refused where there is nothing."""
    if not some:
        raise NotFound(REASON)
    return some[place % len(some)]
