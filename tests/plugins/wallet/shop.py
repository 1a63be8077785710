"""A shop in which anything may happen to a member, in any order; beside it, what must have come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from plugins.wallet import ahead
from plugins.wallet.earned import Ahead, Part, Sale, brings

from tessera.kernel import clock
from tessera.kernel.business import business, set_setting
from tessera.kernel.database import fetchval
from tessera.members.service import NewMember, account_of, create_member
from tessera.points import service as points
from tessera.points.earning import changing
from tessera.points.rewards import service as rewards
from tessera.points.rewards.service import NewReward, Redeemed, RewardUsed
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPayment, NewPurchase, NewReturn
from tessera.tiers.periods import Scheme, set_scheme
from tessera.tiers.service.changing import add_tier
from tessera.tiers.service.defined import Benefits, Criteria, tier_of
from tessera.tiers.service.requalifying import requalify_all
from tessera.tiers.service.rising import raise_everyone
from tessera_hooks import Claim, EarningSpec, Fixed, PerAmount, Rate
from tessera_wallet.coupons import codes, issuing
from tessera_wallet.coupons.contract import CouponUsed
from tessera_wallet.coupons.kinds import NewKind, make_kind
from tessera_wallet.value.refunding import refund

OPENED = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

TICKET, FIVE = 300, 500
"""What a coupon takes off, and what the reward "five" does; fen."""

PRICES = {"mug": 40, "five": 50, "ticket": 30}
"""What rewards cost: goods, money off at the till, a coupon."""

FACTORS = {"basic": Fraction(1), "silver": Fraction(3, 2), "gold": Fraction(2)}
"""What each tier multiplies by."""

PLACE = st.integers(0, 9)
PART = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1)])

SELL = st.tuples(
    st.just("sell"), st.integers(1, 250_00), PART, PART, PART, st.sets(st.sampled_from(["ticket", "five"]))
)

STEP = st.one_of(
    st.tuples(st.just("recharge"), st.integers(1, 200_00), st.sampled_from([0, 0, 1_00, 50_00])),
    SELL,
    SELL,
    st.tuples(
        st.just("bring_back"), PLACE, st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(1)]), st.booleans()
    ),
    st.tuples(st.just("coupon")),
    st.tuples(st.just("redeem"), st.sampled_from(sorted(PRICES))),
    st.tuples(st.just("cancel"), PLACE),
    st.tuples(st.just("refund"), PLACE, st.sampled_from([Fraction(1, 3), Fraction(1)])),
    st.tuples(st.just("gift"), st.integers(1, 500)),
    st.tuples(st.just("let_earn"), st.sampled_from(["spending", "recharge", "nothing"])),
    st.tuples(st.just("draw_in"), st.sampled_from(["bonus_first", "principal_first", "proportional"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 9, 40])),
)


BEFORE: Sequence[tuple[Any, ...]] = (
    ("let_earn", "recharge"),
    ("recharge", 80_00, 0),
    ("let_earn", "spending"),
    ("recharge", 60_00, 50_00),
    ("gift", 300),
    ("redeem", "five"),
    ("coupon",),
)
"""What has happened to whoever comes in: money that has earned, money that has not, and things to hold out."""


async def open_shop() -> None:
    """Three rules, two tiers above the first, three rewards; points never expire, a tier lasts a month."""
    await set_setting("points.expiry_months", 0)
    tea = EarningSpec(earns=PerAmount((Rate(Decimal(1), Decimal(10)),)), categories=("茶",))
    await changing.add_rule("茶", tea)
    await changing.add_rule("谢谢", EarningSpec(earns=Fixed(7)))
    await set_scheme(Scheme(months=1, warn_days=0, downgrade="met"))
    for name, asks in (("silver", {"spend": 200_00, "points": 250}), ("gold", {"spend": 500_00, "points": 600})):
        gives = Benefits(multiplier=Decimal(FACTORS[name].numerator) / FACTORS[name].denominator)
        names = {"en": name.title(), "zh_Hans": {"silver": "银卡", "gold": "金卡"}[name]}
        await add_tier(names, criteria=Criteria(match="any", asks=asks), benefits=gives)
    await make_kind("off", NewKind(title="券", amount=TICKET, stacks=True, valid_days=20))
    for reward in (
        NewReward(code="mug", title={"en": "Mug", "zh_Hans": "杯子"}, points=PRICES["mug"]),
        NewReward(
            code="five",
            title={"en": "Five off", "zh_Hans": "减五元"},
            points=PRICES["five"],
            kind="cash_off",
            amount=FIVE,
        ),
        NewReward(
            code="ticket",
            title={"en": "Ticket", "zh_Hans": "优惠券"},
            points=PRICES["ticket"],
            kind="wallet.coupon",
            choice="off",
        ),
    ):
        await rewards.make_reward(reward)


@dataclass(eq=False)
class HeldOut:
    """What takes money off a sale: how it is claimed, how much, until when, and whether it was used."""

    kind: str
    claim: Claim
    off: int
    until: datetime | None = None
    redeemed: UUID | None = None
    used: UUID | None = None
    gone: bool = False

    def usable(self, now: datetime) -> bool:
        return self.used is None and not self.gone and (self.until is None or self.until > now)


@dataclass
class Shop:
    """What has happened to one member so far, in Tessera and by plain arithmetic."""

    member: UUID
    account: UUID
    now: datetime = OPENED
    earns: str = "spending"
    order: str = "bonus_first"
    points: int = 0
    gifts: int = 0
    numbers: int = 0
    recharges: list[Ahead] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    redeemed: list[tuple[str, Redeemed]] = field(default_factory=list)
    held: list[HeldOut] = field(default_factory=list)

    @property
    def today(self) -> date:
        return clock.local_day(self.now, business().timezone)

    def number(self) -> str:
        self.numbers += 1
        return f"{self.member}-{self.numbers}"

    async def tier(self) -> str:
        return tier_of(await fetchval("SELECT tier FROM member WHERE id = $1", self.member)).code

    async def step(self, what: str, *values: Any) -> None:
        """One step, a minute after the one before."""
        self.now += timedelta(minutes=1)
        with clock.frozen(self.now):
            await getattr(self, what)(*values)

    async def let_earn(self, what: str) -> None:
        await ahead.set_wallet(earns=what)
        self.earns = what

    async def draw_in(self, order: str) -> None:
        await ahead.set_wallet(spend_order=order)
        self.order = order

    async def wait(self, days: int) -> None:
        """Days go by; the clock takes what expires, and a night looks at the tiers."""
        self.now += timedelta(days=days)
        with clock.frozen(self.now):
            await points.book_all_expired()
            await raise_everyone()
            await requalify_all()

    async def gift(self, amount: int) -> None:
        await points.credit(self.account, self.member, amount, reason="№ 8")
        self.points += amount
        self.gifts += amount

    async def recharge(self, amount: int, bonus: int) -> None:
        earned = brings(amount, Fraction(0), FACTORS[await self.tier()]) if self.earns == "recharge" else []
        done = await ahead.paid_in(self.member, amount, bonus)
        self.recharges.append(Ahead(done.id, self.today, amount, self.earns, amount, earned))
        self.points += sum(earned)

    async def refund(self, place: int, part: Fraction) -> None:
        open_ones = [one for one in self.recharges if one.left]
        if open_ones:
            chosen = open_ones[place % len(open_ones)]
            amount = max(int(chosen.left * part), 1)
            await refund(chosen.id, amount, method="cash", reason="№ 9")
            self.points -= chosen.refund(amount)

    async def redeem(self, code: str) -> None:
        if self.points < PRICES[code]:
            with pytest.raises(points.InsufficientBalance):
                await rewards.redeem(self.member, code)
            return
        done = await rewards.redeem(self.member, code)
        self.points -= PRICES[code]
        self.redeemed.append((code, done))
        if code == "five":
            self.held.append(HeldOut("five", Claim("core.reward", done.code), FIVE, redeemed=done.id))
        if code == "ticket":
            assert done.given is not None
            until = clock.midnight(self.today + timedelta(days=20), business().timezone)
            self.held.append(HeldOut("ticket", Claim("wallet.coupon", done.given), TICKET, until, done.id))

    async def coupon(self) -> None:
        """A coupon that nobody paid for."""
        given = await issuing.issue(self.member, "off")
        self.held.append(HeldOut("ticket", Claim("wallet.coupon", codes.shown(given.code)), TICKET, given.expires_at))

    async def cancel(self, place: int) -> None:
        if not self.redeemed:
            return
        code, done = self.redeemed[place % len(self.redeemed)]
        held = next((one for one in self.held if one.redeemed == done.id), None)
        if held is not None and held.used is not None:
            with pytest.raises((RewardUsed, CouponUsed)):
                await rewards.cancel(done.id, "№ 7")
            return
        await rewards.cancel(done.id, "№ 7")
        self.redeemed.remove((code, done))
        self.points += PRICES[code]
        if held is not None:
            held.gone = True

    async def sell(self, price: int, tea: Fraction, by_points: Fraction, by_value: Fraction, out: set[str]) -> None:
        held = [one for kind in sorted(out) for one in self._holds(kind)[:1]]
        amount = max(price - sum(one.off for one in held), 0)
        paid = max(min(int(amount * by_points), self.points), 0)
        principal, bonus = await ahead.balance(self.member)
        assert principal == sum(one.left for one in self.recharges)
        value = min(int((amount - paid) * by_value), principal + bonus)
        parts, of_bonus = self._draw(value, principal, bonus)
        silent = of_bonus + sum(part.left for part in parts if part.of.earns != "spending")
        of_tea = int(price * tea)
        earned = brings(amount - paid - silent, Fraction(of_tea, price), FACTORS[await self.tier()])
        done = await purchases.record_purchase(self._as_sold(price, amount, of_tea, paid, value, held))
        sale = Sale(
            done.id,
            self.today,
            amount,
            paid,
            amount - paid - value,
            of_bonus,
            value - of_bonus,
            parts,
            sum(earned),
            held_out=[one.claim.value for one in held],
        )
        self.sales.append(sale)
        self.points += sale.earned - paid
        for one in held:
            one.used = done.id
        assert (done.points.earned, done.points.redeemed) == (sale.earned, paid)

    def _holds(self, kind: str) -> list[HeldOut]:
        return [one for one in self.held if one.kind == kind and one.usable(self.now)]

    def _draw(self, value: int, principal: int, bonus: int) -> tuple[Sequence[Part], int]:
        """What a payment takes: of bonus as the order says, of principal from the oldest recharge on."""
        of_bonus = {
            "bonus_first": min(value, bonus),
            "principal_first": max(value - principal, 0),
            "proportional": value * bonus // (principal + bonus) if value else 0,
        }[self.order]
        rest, parts = value - of_bonus, list[Part]()
        for recharge in self.recharges:
            part = min(recharge.left, rest)
            if part:
                recharge.left -= part
                rest -= part
                parts.append(Part(recharge, part))
        return parts, of_bonus

    def _as_sold(
        self, price: int, amount: int, of_tea: int, paid: int, value: int, held: Sequence[HeldOut]
    ) -> NewPurchase:
        lines = [
            NewLine(sku="T", category="茶", amount=of_tea),
            NewLine(sku="B", category="面包", amount=price - of_tea),
        ]
        payments = [NewPayment(ahead.VALUE, value), NewPayment("cash", amount - paid - value)]
        return NewPurchase(
            source="till",
            external_id=self.number(),
            buyer=Buyer(id=self.member),
            store="main",
            amount=amount,
            discount=price - amount,
            lines=lines,
            payments=[one for one in payments if one.amount],
            redeem={"points": paid} if paid else {},
            claims=[one.claim for one in held],
        )

    async def bring_back(self, place: int, part: Fraction, in_cash: bool) -> None:
        open_ones = [one for one in self.sales if not one.over]
        if not open_ones:
            return
        sale = open_ones[place % len(open_ones)]
        amount = max(int(sale.left * part), min(sale.left, 1))
        money = sale.money_for(amount)
        cash = min(money, sale.cash - sale.cash_back)
        given = [NewPayment("cash", cash), NewPayment(ahead.VALUE, money - cash)] if in_cash else []
        done = await purchases.record_return(
            NewReturn(
                source="till",
                external_id=self.number(),
                purchase=sale.id,
                store="main",
                amount=amount if amount < sale.left else None,
                refunds=[one for one in given if one.amount],
            )
        )
        back = {one.method: one.amount for one in done.refunds}
        assert sum(back.values()) == money
        restored, taken = sale.come_back(amount, back.get("cash", 0), back.get(ahead.VALUE, 0))
        assert (done.points.restored, done.points.taken_back) == (restored, taken)
        self.points += restored - taken
        if sale.over:
            for one in self.held:
                if one.used == sale.id and (one.until is None or one.until > self.now):
                    one.used = None

    async def give_everything_back(self) -> None:
        """All that was bought comes back, all that can be cancelled is, and all that was paid in is paid out."""
        with clock.frozen(self.now):
            for _sale in [sale for sale in self.sales if not sale.over]:
                await self.bring_back(0, Fraction(1), in_cash=False)
            for place in reversed(range(len(self.redeemed))):
                await self.cancel(place)
            for _recharge in [one for one in self.recharges if one.left]:
                await self.refund(0, Fraction(1))


async def enter() -> Shop:
    """Someone new comes in; what earns and what is drawn first is as in a new business."""
    member = await create_member(NewMember(name="安娜", phone=None, store=(await _main())))
    shop = Shop(member, await account_of(member))
    await ahead.set_wallet(earns=shop.earns, spend_order=shop.order, registered_limit=0, unregistered_limit=0)
    return shop


async def _main() -> UUID:
    found: UUID = await fetchval("SELECT id FROM store WHERE code = 'main'")
    return found
