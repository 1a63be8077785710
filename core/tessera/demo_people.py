"""The invented people of the demonstration: who they are, what marks them, what they bought."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

from tessera.access import service as access
from tessera.kernel import clock
from tessera.members import service as members
from tessera.members.service import fields, responsible, tags
from tessera.members.service.create import NewMember
from tessera.points.rewards import service as rewards
from tessera.points.rewards.service import NewReward
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPayment, NewPurchase

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
GIVEN = (*"伟芳娜敏静丽强磊洋艳", "子轩", "雨桐", "浩然", "欣怡", "思远", "佳琪", "建国", "秀英")
LATIN = ("Ana Silva", "Ben Carter", "Chloé Martin", "Diego Torres", "Emma Novak", "Farid Haddad")

GOODS = (
    ("monthly", "Monthly pass", "membership", 39900),
    ("class", "Spin class", "class", 8800),
    ("whey", "Whey protein 1 kg", "supplement", 26800),
    ("towel", "Towel", "goods", 4900),
    ("water", "Water", "drink", 500),
)

PAID_BY = ("wechat", "cash", "alipay", "card")

TAGS = ("VIP", "Morning", "瑜伽", "Personal training")

LOCKER = {"en": "Locker", "zh_Hans": "储物柜"}
GOAL = {"en": "Goal", "zh_Hans": "目标"}
GOALS = {
    "lose_weight": {"en": "Lose weight", "zh_Hans": "减重"},
    "build_muscle": {"en": "Build muscle", "zh_Hans": "增肌"},
    "keep_fit": {"en": "Keep fit", "zh_Hans": "保持健康"},
}


REWARDS = (
    NewReward(
        code="towel",
        title={"en": "Gym towel", "zh_Hans": "运动毛巾"},
        description={"en": "Cotton, 100 × 50 cm", "zh_Hans": "纯棉，100 × 50 厘米"},
        points=300,
        stock=40,
    ),
    NewReward(
        code="bottle",
        title={"en": "Water bottle", "zh_Hans": "运动水壶"},
        points=600,
        stock=12,
        member_limit=1,
        period="year",
    ),
    NewReward(
        code="off-20", title={"en": "¥20 off", "zh_Hans": "立减 20 元"}, points=500, kind="cash_off", amount=2000
    ),
    NewReward(code="tree", title={"en": "Plant a tree", "zh_Hans": "种一棵树"}, points=200, kind="donation"),
)


async def members_of(stores: list[UUID]) -> list[UUID]:
    """Forty people with phones, birthdays and what they agreed to."""
    chance = random.Random(2026)
    made = []
    names = [chance.choice(FAMILY) + chance.choice(GIVEN) for _ in range(34)] + list(LATIN)
    for i, name in enumerate(names):
        agreed = chance.random() < 0.7
        born = f"{chance.randint(1960, 2006)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        new = NewMember(
            name=name,
            phone=f"139{chance.randint(0, 99999999):08}",
            email=f"member{i}@example.com",
            gender=chance.choice(["female", "male"]),
            birthday=born,
            store=stores[0] if i % 3 else stores[1],
            source=chance.choice(["walk-in", "friend", "app"]),
            joined_on=clock.now().date() - timedelta(days=chance.randint(30, 900)),
            consents=[("marketing", "email", "granted" if agreed else "refused")],
        )
        made.append(await members.create_member(new))
    return made


async def purchases_of(joined: list[UUID], stores: list[UUID]) -> None:
    """A few purchases of most of them, spread over three months."""
    chance = random.Random(7)
    number = 0
    for member in joined:
        for _ in range(chance.randint(0, 5)):
            number += 1
            await purchases.record_purchase(_basket(chance, number, member, chance.choice(stores)))


def _basket(chance: random.Random, number: int, member: UUID, store: UUID) -> NewPurchase:
    chosen = chance.sample(GOODS, chance.randint(1, 3))
    lines = [NewLine(sku=sku, name=name, category=category, amount=price) for sku, name, category, price in chosen]
    return NewPurchase(
        external_id=f"D{number:05}",
        source="demo",
        buyer=Buyer(id=member),
        store=next(s.code for s in access.stores() if s.id == store),
        at=clock.now() - timedelta(days=chance.randint(0, 90), hours=chance.randint(0, 12)),
        amount=sum(price for *_rest, price in chosen),
        lines=lines,
        payments=[NewPayment(PAID_BY[number % len(PAID_BY)], sum(price for *_rest, price in chosen))],
    )


async def rewards_of(joined: list[UUID], stores: list[UUID]) -> None:
    """A catalogue, and a few who took something from it."""
    for reward in REWARDS:
        await rewards.make_reward(reward)
    for place, member in enumerate(joined[:8]):
        can_have = [offer for offer in await rewards.offers(member, store=stores[0]) if offer.affordable]
        if can_have:
            await rewards.redeem(member, can_have[place % len(can_have)].reward.code, store=stores[0])


async def marks(joined: list[UUID], home: UUID) -> None:
    """Tags, two fields that the business added, a mother of two, someone twice, and a coach of some."""
    chance = random.Random(3)
    for name in TAGS:
        await tags.tag_members(chance.sample(joined, 9), [name])
    await fields.make_field("locker", "text", LOCKER, searchable=True)
    await fields.make_field("goal", "choice", GOAL, choices=GOALS)
    for number, member in enumerate(chance.sample(joined, 15), start=101):
        await fields.set_custom(member, {"locker": f"L{number}", "goal": chance.choice(list(GOALS))})
    for name, born in (("王小雨", "2015-04-12"), ("王小晴", "2018-09-30")):
        child = await members.create_member(NewMember(name=name, birthday=born, store=home))
        await members.link(child, "guardian", joined[0])
    await members.create_member(NewMember(name="余红霞", phone="13912345678", birthday="1988-03-08", store=home))
    await members.create_member(NewMember(name="余霞", phone="13912345687", birthday="1988-03-08", store=home))
    coach = next(one for one in await access.list_staff() if one.login == "coach")
    for member in chance.sample(joined, 12):
        await responsible.set_responsible(member, coach.held[0][0], coach.id)
