"""What an entry must say of itself, put together from the rows alone, and what no sentence may hold."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tessera.kernel.database import fetch

SHANGHAI = ZoneInfo("Asia/Shanghai")

LANGUAGES = ("en", "zh_Hans")

CODE = re.compile(r"[a-z]\.[a-z]|[a-z]_[a-z]|[{}]|\bNone\b|[0-9a-f]{8}-[0-9a-f]{4}-")
"""A name that only programs know: ``wallet.recharge``, ``own_cup``, an id, a brace that nothing filled."""

CJK = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")

NOTHING_LEFT = {"en": "nothing of it is left", "zh_Hans": "已全部用完"}

NAMED = 3
"""Lots that a sentence names one by one."""


@dataclass
class Told:
    """An entry with all that is known of it from other rows."""

    row: Any
    now: datetime
    opened: list[Any] = field(default_factory=list)
    drawn: list[Any] = field(default_factory=list)
    paid_debt: int = 0
    consumed: list[Any] = field(default_factory=list)
    reversed: int = 0

    @property
    def adds_up(self) -> bool:
        """What it brought, took, owes and paid is exactly its amount; what is left of it is what nothing took."""
        brought = sum(lot["amount"] for lot in self.opened) - self.paid_debt
        explained = brought - sum(part["part"] for part in self.drawn) - self.row["debt_change"]
        left = sum(lot["amount"] - lot["remaining"] for lot in self.opened)
        return explained == self.row["amount"] and left == sum(one["amount"] for one in self.consumed)

    def names(self, locale: str) -> list[str]:
        """The amounts, days and versions that the sentence must hold in a language."""
        row, said = self.row, list[str]()
        said += [say(abs(row["debt_change"]), row["unit"])] if row["debt_change"] and row["kind"] != "transfer" else []
        said += [say(row["forgiven"], row["unit"])] if row["forgiven"] else []
        said += [str(row["rule_version"])] if (row["rule_version"] or 1) > 1 else []
        said += [say(self.reversed, row["unit"])] if self.reversed else []
        said += [last_day(row["moves_to"], locale)] if row["kind"] == "extend" else []
        for lot in self.opened:
            said += self._of_lot(lot, locale)
        return said + self._of_parts(locale)

    def _of_lot(self, lot: Any, locale: str) -> list[str]:
        unit, until, said = self.row["unit"], lot["expires_at"], list[str]()
        over = until is not None and until <= self.now
        expired = sum(one["amount"] for one in self.consumed if one["kind"] == "expire") + over * lot["remaining"]
        if expired:
            said += [say(expired, unit), last_day(until, locale)]
        if over and expired:
            return said
        if over or not lot["remaining"]:
            return [*said, NOTHING_LEFT[locale]]
        said.append(say(lot["remaining"], unit))
        said += [last_day(until, locale)] if until is not None else []
        return said + ([say_day(day_of(lot["opens_at"]), locale)] if lot["opens_at"] > self.now else [])

    def _of_parts(self, locale: str) -> list[str]:
        unit, parts = self.row["unit"], self.drawn
        if len(parts) > NAMED:
            total, first = sum(abs(part["part"]) for part in parts), min(part["at"] for part in parts)
            return [say(total, unit), str(len(parts)), say_day(day_of(first), locale)]
        return [one for part in parts for one in (say(abs(part["part"]), unit), say_day(day_of(part["at"]), locale))]


async def everything(member: UUID, now: datetime) -> list[Told]:
    """All entries of all units of a member, the oldest first."""
    rows = await fetch(
        "SELECT e.* FROM entry e JOIN account a ON a.id = e.account WHERE a.member = $1 ORDER BY e.id", member
    )
    told = {row["id"]: Told(row, now) for row in rows}
    for lot in await fetch("SELECT * FROM lot WHERE entry = ANY($1)", list(told)):
        told[lot["entry"]].opened.append(lot)
    for part in await fetch(_PARTS, list(told)):
        if part["entry"] == part["credit"]:
            told[part["entry"]].paid_debt += part["part"]
        elif part["entry"] in told:
            told[part["entry"]].drawn.append(part)
        if part["credit"] in told:
            told[part["credit"]].consumed.append({"kind": part["kind"], "amount": part["part"], "entry": part["entry"]})
    for row in rows:
        if row["reverses"] in told:
            told[row["reverses"]].reversed += abs(row["amount"]) + row["forgiven"]
    return list(told.values())


_PARTS = """
SELECT a.entry, l.entry AS credit, a.amount AS part, e.kind, c.at FROM allocation a JOIN lot l ON l.id = a.lot
JOIN entry e ON e.id = a.entry JOIN entry c ON c.id = l.entry WHERE a.entry = ANY($1) OR l.entry = ANY($1)
"""


def balances_add_up(told: Sequence[Told], shown: Sequence[Any]) -> bool:
    """The balance that is shown beside each entry is the sum of all up to it, unit by unit."""
    running: dict[str, int] = defaultdict(int)
    expected = {}
    for one in told:
        running[one.row["unit"]] += one.row["amount"]
        expected[one.row["id"]] = running[one.row["unit"]]
    return {entry.id: entry.balance for entry in shown} == expected


def say(amount: int, unit: str) -> str:
    """An amount as both languages write it: money in yuan, all else as a whole number."""
    money = unit.endswith(".CNY")
    return f"¥{amount // 100:,}.{amount % 100:02}" if money else f"{amount:,}"


def day_of(moment: datetime) -> date:
    """The day in Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def last_day(until: datetime, locale: str) -> str:
    """The last day before a moment."""
    return say_day(day_of(until - timedelta(microseconds=1)), locale)


def say_day(day: date, locale: str) -> str:
    """A day as a language writes it."""
    return f"{day.year}年{day.month}月{day.day}日" if locale == "zh_Hans" else f"{day:%b} {day.day}, {day.year}"


def stains(text: str, locale: str, typed: Sequence[str]) -> list[str]:
    """What a sentence may not hold: names of programs, and words of the other language; ``typed`` are people's own."""
    for word in (*typed, "Tessera"):
        text = text.replace(word, "")
    foreign = LATIN if locale == "zh_Hans" else CJK
    return [*CODE.findall(text), *foreign.findall(text)]


def visible(page: str) -> str:
    """What a page shows of its own, without its frame."""
    content = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", "", page.partition("<main")[2].partition("</main>")[0])
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", "<main" + content)).split())
