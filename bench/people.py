"""Invented people for benchmarks: names, phones and birthdays in the proportions of a chain's list."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚"
    "谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段漕钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂梅红玉华建国文斌辉玲萍鹏飞宇浩轩然子涵欣怡梓雨佳琪思彤嘉豪晨曦诗婷婉若云天"
    "一凡俊哲瑞雪晓东春燕海波志远立新永康德胜"
)
FIRST = ("Ana", "Ben", "Chloe", "David", "Elena", "Frank", "Grace", "Hugo", "Irene", "Jonas", "Katrin", "Liam", "Mia")
LAST = ("López", "Smith", "Müller", "Rossi", "Novak", "Dubois", "Silva", "Kim", "Tanaka", "Olsen", "Brown", "O'Neill")


@dataclass(frozen=True, slots=True)
class Invented:
    """Someone who does not exist."""

    name: str
    phone: str
    birthday: str
    gender: str
    joined: str
    card: str


def people(count: int, seed: int = 7) -> Iterator[Invented]:
    """As many people, always the same: one in twenty has a Latin name, each phone is another."""
    chance = random.Random(seed)
    for place in range(count):
        if chance.random() < 0.05:
            name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        else:
            name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2, 2))))
        yield Invented(
            name,
            f"1{chance.choice((3, 5, 7, 8, 9))}{(place * 7919 + 13) % 1_000_000_000:09d}",
            f"{chance.randint(1950, 2008)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            chance.choice(("女", "男", "")),
            f"{chance.randint(2015, 2026)}-{chance.randint(1, 10):02d}-{chance.randint(1, 28):02d}",
            f"C{place:07d}",
        )
