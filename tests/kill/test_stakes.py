"""Thirty-two tills at once, and a server that is killed beneath them: the ledger is what the answers say.

What each member must have is computed from the answers alone: of each sale what it earned and what points paid,
in proportion to what came back of it; entries by hand and their reversals. Each request carries its key and is
sent until it is answered, some of them twice.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kill.processes import CLIENTS, Running, api_key, instance, tessera

pytestmark = [
    pytest.mark.kill,
    pytest.mark.xdist_group("stakes"),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]

MEMBERS = 3
RECHARGED = 200_00
"""Minor units that every member pays ahead."""

FEW = max(settings().max_examples // 10, 2)
"""Plans to be tried: each is a rush of its own against a real server."""

AS_FOUND = [Phase.explicit, Phase.reuse, Phase.generate]
"""What fails is not made smaller: it would take the minutes of others, and never be the same race."""

Deed = tuple[str, int, int, int]


def plan_of(seed: int) -> list[Deed]:
    """What the tills are to do: whose, how much, with how many points; deeds refer to earlier ones by place."""
    dice = Random(seed)

    def deed() -> Deed:
        match dice.choices(["sell", "return", "credit", "debit", "reverse"], [8, 5, 2, 4, 3])[0]:
            case "sell":
                return "sell", dice.randrange(MEMBERS), dice.randint(1, 90), dice.choice([0, 0, 40, 100])
            case "return":
                return "return", dice.randrange(40), dice.randint(1, 100), 0
            case "reverse":
                return "reverse", dice.randrange(40), 0, 0
            case by_hand:
                return by_hand, dice.randrange(MEMBERS), dice.randint(1, 160), 0

    return [deed() for _place in range(dice.randint(40, 70))]


PLANS = st.integers(0, 2**32).map(plan_of)
"""Rich from the first example on, which small lists are not."""


def sales_of(seed: int) -> list[Deed]:
    """Sales that are paid with stored value, more than there is, and what comes back of them."""
    dice = Random(seed)
    sales = [("pay", dice.randrange(MEMBERS), dice.randint(1, 60), 0) for _place in range(30)]
    backs = [("back", dice.randrange(30), dice.randint(1, 60), 0) for _place in range(20)]
    return [*sales[:10], *(deed for pair in zip(sales[10:], backs, strict=True) for deed in pair)]


@pytest.fixture(scope="module")
def shop() -> Iterator[Path]:
    with instance() as folder:
        tessera(folder, "plugin", "enable", "wallet")
        yield folder


@pytest.fixture(scope="module")
def running(shop: Path) -> Iterator[Running]:
    server = Running(shop, api_key(shop))
    yield server
    server.stop()


@dataclass
class Rush:
    """One plan under way: what was asked, and what was answered."""

    server: Running
    plan: list[Deed]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    members: list[str] = field(default_factory=list)
    answers: dict[int, httpx.Response] = field(default_factory=dict)

    def begin(self) -> None:
        """Make the members, each with something to spend."""
        self.members = [self.send("/members", {"name": f"M{n}", "store": "main"}).json()["id"] for n in range(MEMBERS)]
        for member in self.members:
            self.send(f"/members/{member}/entries", {"kind": "credit", "amount": 150, "reason": "to begin with"})

    def send(self, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
        """Send until it is answered, under a key in any case."""
        return self.server.insist(path, body, key or uuid.uuid4().hex)

    def do(self, place: int) -> httpx.Response | None:
        """One deed of the plan; a reversal of what is not answered yet is left out."""
        what, one, amount, points = self.plan[place]
        key = f"{self.mark}-{place}"
        match what:
            case "sell":
                body = {
                    "external_id": key,
                    "source": "rush",
                    "member": {"id": self.members[one]},
                    "store": "main",
                    "amount": amount * 100,
                    "redeem": {"points": points},
                }
                answer = self.send("/purchases", body, key)
            case "return":
                sold = f"{self.mark}-{one % len(self.plan)}"
                body = {"external_id": key, "source": "rush", "purchase_external_id": sold, "amount": amount * 50}
                answer = self.send("/returns", {**body, "store": "main"}, key)
            case "pay":
                body = {
                    "external_id": key,
                    "source": "rush",
                    "member": {"id": self.members[one]},
                    "store": "main",
                    "amount": amount * 100,
                    "payments": [{"method": "wallet.stored_value", "amount": amount * 100}],
                }
                answer = self.send("/purchases", body, key)
            case "back":
                known = self.answers.get(one)
                if known is None or known.status_code != 201:
                    return None
                body = {"external_id": key, "source": "rush", "purchase": known.json()["id"], "amount": amount * 50}
                answer = self.send("/returns", {**body, "store": "main"}, key)
            case "credit" | "debit":
                body = {"kind": what, "amount": amount, "reason": "by hand"}
                answer = self.send(f"/members/{self.members[one]}/entries", body, key)
            case _:
                known = self.answers.get(one % len(self.plan))
                if known is None or known.status_code != 201 or "entries" not in str(known.url):
                    return None
                answer = self.send(f"/entries/{known.json()['id']}/reverse", {"reason": "a slip"}, key)
        self.answers.setdefault(place, answer)
        return answer

    def all_at_once(self, kill_after: float | None = None) -> None:
        """Thirty-two clients work on the plan, some deeds are asked twice; perhaps the server dies meanwhile."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            twice = [place for place in range(len(self.plan)) for _n in range(1 + (place % 3 == 0))]
            asked: list[tuple[int, Future[httpx.Response | None]]] = [(p, pool.submit(self.do, p)) for p in twice]
            if kill_after is not None:
                time.sleep(kill_after)
                self.server.kill()
                self.server.start_again()
            by_place: dict[int, list[httpx.Response]] = {}
            for place, future in asked:
                if (answer := future.result()) is not None:
                    by_place.setdefault(place, []).append(answer)
        for answers in by_place.values():
            assert len({(a.status_code, a.text) for a in answers}) == 1, "the same key got two answers"

    def get(self, path: str) -> Any:
        answer = self.server.http.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def expected(self) -> dict[str, int]:
        """What each member must have, from nothing but the answers."""
        have = Counter(dict.fromkeys(self.members, 150))
        by_entry = {}
        for place, answer in self.answers.items():
            what, one, _amount, points = self.plan[place]
            if answer.status_code != 201:
                continue
            said = answer.json()
            if what == "sell":
                (sold,) = self.get(f"/purchases?source=rush&external_id={self.mark}-{place}")["items"]
                share = Fraction(sold["returned"], sold["amount"])
                earned = (sold["amount"] - points) // 100
                assert (said["points"]["earned"], said["points"]["redeemed"]) == (earned, points)
                have[self.members[one]] += earned - floor(earned * share) - points + floor(points * share)
            elif what in ("credit", "debit"):
                by_entry[said["id"]] = (self.members[one], said["amount"])
                have[self.members[one]] += said["amount"]
        for answer in self.answers.values():
            said = answer.json()
            if answer.status_code == 201 and "/reverse" in str(answer.url):
                member, amount = by_entry[said["reverses"]]
                assert said["amount"] == -amount
                have[member] -= amount
        return dict(have)

    def check(self) -> None:
        """Every member has what the answers say, and nobody both owes and has."""
        expected = self.expected()
        for member in self.members:
            held = self.get(f"/members/{member}/balances")["points"]
            assert held["balance"] == expected[member]
            assert held["available"] == held["balance"]
            assert held["debt"] == max(0, -held["balance"])
            listed = self.get(f"/members/{member}/entries?limit=200")["items"]
            assert sum(entry["amount"] for entry in listed) == held["balance"]

    def recharge(self) -> None:
        """Let every member pay 200 yuan ahead."""
        for member in self.members:
            body = {"member": member, "amount": RECHARGED, "payments": [{"method": "cash", "amount": RECHARGED}]}
            answer = self.send("/wallet/recharges", {**body, "store": "main"})
            assert answer.status_code == 201, answer.text

    def check_value(self) -> None:
        """Every member has what they paid ahead, less what they bought with it and kept; never below nothing."""
        have = Counter(dict.fromkeys(self.members, RECHARGED))
        for place, answer in self.answers.items():
            what, one, _amount, _points = self.plan[place]
            if what == "pay" and answer.status_code == 201:
                (sold,) = self.get(f"/purchases?source=rush&external_id={self.mark}-{place}")["items"]
                have[self.members[one]] -= sold["amount"] - sold["returned"]
            elif what == "pay":
                assert answer.json()["code"] == "insufficient_balance"
        for member in self.members:
            (held,) = self.get(f"/wallet/members/{member}")["value"]
            assert held["principal"] + held["bonus"] == have[member] >= 0


@settings(max_examples=FEW, phases=AS_FOUND)
@given(plan=PLANS)
def test_thirty_two_clients_at_once_leave_what_the_answers_say(running: Running, plan):
    rush = Rush(running, plan)
    rush.begin()
    rush.all_at_once()
    rush.check()


@settings(max_examples=max(FEW // 2, 2), phases=AS_FOUND)
@given(plan=PLANS, after=st.floats(0.02, 0.4))
def test_a_server_killed_beneath_them_changes_nothing(running: Running, plan, after):
    rush = Rush(running, plan)
    rush.begin()
    rush.all_at_once(kill_after=after)
    rush.check()


@settings(max_examples=2, phases=AS_FOUND)
@given(plan=st.integers(0, 2**32).map(sales_of), after=st.floats(0.05, 0.3))
def test_stored_value_is_what_was_paid_in_less_what_was_kept_though_the_server_dies(running: Running, plan, after):
    rush = Rush(running, plan)
    rush.begin()
    rush.recharge()
    rush.all_at_once(kill_after=after)
    rush.check_value()
    assert {answer.status_code for answer in rush.answers.values()} >= {201, 409}


def test_of_many_redemptions_exactly_as_many_succeed_as_are_paid_for(running: Running):
    rush = Rush(running, [("debit", 0, 30, 0)] * 64)
    rush.begin()
    rush.all_at_once()
    paid = [answer for answer in rush.answers.values() if answer.status_code == 201]
    refused = [answer for answer in rush.answers.values() if answer.status_code == 409]
    assert (len(paid), len(refused)) == (150 // 30, 64 - 150 // 30)
    assert {answer.json()["code"] for answer in refused} == {"insufficient_balance"}
    rush.check()


def test_two_checkouts_that_spend_the_same_points_are_one_sale_and_one_refusal(running: Running):
    for _again in range(3):
        rush = Rush(running, [("sell", 0, 2, 100), ("sell", 0, 2, 100)])
        rush.begin()
        rush.all_at_once()
        assert sorted(answer.status_code for answer in rush.answers.values()) == [201, 409]
        rush.check()


def test_replaying_all_of_it_names_no_difference(running: Running, shop: Path):
    verified = tessera(shop, "points", "verify")
    assert verified.stderr.strip().endswith(" 0 differences")
    assert verified.stdout == ""
