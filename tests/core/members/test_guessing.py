"""Guessing is hopeless: someone who sees 138****8000 tries every door with candidates, and learns nothing.

The attacker may read and write members and record purchases, by an API key and as a cashier, and may not
reveal. Of two hundred candidates the hundred and fiftieth is right. A door is held when, beyond the few
values that are answered in a day, it says the same of every candidate: status, headers, body.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.access.service.lookups import DEFAULTS, count_list
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import TooMany
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.identities import identity
from tessera.members.imports import ImportOptions, Report
from tessera.members.imports.people import import_members
from tessera.members.service import NewMember
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewPurchase

MASKED = "138****8000"
CANDIDATES = [f"138{number:04}8000" for number in range(1000, 1200)]
RIGHT = CANDIDATES[150]
ANSWERED = DEFAULTS["lookups.values_per_mask"]
CHANGING = re.compile(r"[\w-]{12}\.[\w-]{43}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{32}|[0-9]+")
TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')

Told = tuple[int, tuple[str, ...], str]
Door = Callable[["Attacker", str], Awaitable[httpx.Response]]


@dataclass
class Attacker:
    """Someone with a key and a session, a member and a sale of their own to play with, and the one they are after."""

    key: httpx.AsyncClient
    session: httpx.AsyncClient
    own: UUID
    sale: UUID
    victim: UUID
    token: str


def told(answer: httpx.Response, candidate: str) -> Told:
    """All that an answer says, without what differs from one answer to the next anyway."""
    body = CHANGING.sub("#", answer.text.replace(candidate, "CANDIDATE"))
    return answer.status_code, tuple(sorted(answer.headers)), body


@pytest.fixture
async def attacker(app, store: UUID, api_client) -> AsyncIterator[Attacker]:
    """A cashier's rights, by key and by session, in the store of the one they are after."""
    victim = await service.create_member(NewMember(name="Ana", phone=RIGHT, store=store))
    own = await service.create_member(NewMember(name="Mallory", store=store))
    sale = (await purchases.record_purchase(NewPurchase(source="x", external_id="1", amount=100, store="main"))).id
    hers = Buyer(identity=f"phone:{RIGHT}")
    await purchases.record_purchase(NewPurchase(source="y", external_id="1", amount=100, store="main", buyer=hers))
    made = await access.add_staff("mallory", "Mallory", "correct horse 42", role_code="cashier", store_code="main")
    rights = ("members.read", "members.write", "purchases.read", "purchases.write", "points.read")
    cookies = {"tessera_session": await access.open_session(made.id)}
    session = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", cookies=cookies, headers={"Accept-Language": "en"}
    )
    async with await api_client(*rights, where=store) as key, session:
        token = TOKEN.search((await session.get("/members/new")).text)
        assert token
        yield Attacker(key, session, own, sale, victim, token.group(1))


async def look_up(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.key.post("/members/lookup", json={"identity": f"phone:{candidate}"})


async def look_up_once_each(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.key.post(
        "/members/lookup", json={"identity": f"phone:{candidate}"}, headers={"Idempotency-Key": candidate}
    )


async def create(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.key.post("/members", json={"name": "Eve", "phone": candidate})


async def create_once_each(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.key.post(
        "/members", json={"name": "Eve", "phone": candidate}, headers={"Idempotency-Key": candidate}
    )


async def create_beside_others(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"name": "Eve", "identities": [{"kind": "phone", "value": candidate}]}
    return await attacker.key.post("/members", json=body)


async def change(attacker: Attacker, candidate: str) -> httpx.Response:
    version = await fetchval("SELECT version FROM member WHERE id = $1", attacker.own)
    return await attacker.key.patch(f"/members/{attacker.own}", json={"version": version, "phone": candidate})


async def add_to_own(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.key.post(f"/members/{attacker.own}/identities", json={"kind": "phone", "value": candidate})


async def add_to_the_victim(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.key.post(f"/members/{attacker.victim}/identities", json={"kind": "phone", "value": candidate})


def buy(unknown_member: str) -> Door:
    async def door(attacker: Attacker, candidate: str) -> httpx.Response:
        body = {"source": "till", "external_id": candidate, "amount": 100, "unknown_member": unknown_member}
        return await attacker.key.post("/purchases", json={**body, "member": {"identity": f"phone:{candidate}"}})

    return door


async def send_again(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"source": "y", "external_id": "1", "amount": 100, "store": "main"}
    return await attacker.key.post("/purchases", json={**body, "member": {"identity": f"phone:{candidate}"}})


async def preview(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"amount": 100, "member": {"identity": f"phone:{candidate}"}}
    return await attacker.key.post("/purchases/preview", json=body)


async def claim(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"member": {"identity": f"phone:{candidate}"}}
    return await attacker.key.put(f"/purchases/{attacker.sale}/member", json=body)


async def scan(attacker: Attacker, candidate: str) -> httpx.Response:
    return await attacker.session.post("/till", data={"_csrf": attacker.token, "item": candidate, "number": "S-1"})


async def type_into_the_box(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"_csrf": attacker.token, "part": "list", "q": candidate}
    return await attacker.session.post("/members/find", data=body, headers={"HX-Request": "true"})


async def send_the_box(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"_csrf": attacker.token, "part": "list", "q": candidate}
    return await attacker.session.post("/members/find", data=body)


def fill_in(taken: str) -> Door:
    """The form for someone new, with what is said of a phone that is taken."""

    async def door(attacker: Attacker, candidate: str) -> httpx.Response:
        body = {"_csrf": attacker.token, "name": "Eve", "phone": candidate, "taken": taken, "tie": "guardian"}
        return await attacker.session.post("/members/new", data={**body, "taken_kind": "phone"})

    return door


async def give_own_another_phone(attacker: Attacker, candidate: str) -> httpx.Response:
    version = await fetchval("SELECT version FROM member WHERE id = $1", attacker.own)
    body = {"_csrf": attacker.token, "name": "Mallory", "phone": candidate, "version": str(version)}
    said = {"taken": "moved", "taken_kind": "phone"}
    return await attacker.session.post(f"/members/{attacker.own}/edit", data={**body, **said})


async def add_on_the_page(attacker: Attacker, candidate: str) -> httpx.Response:
    body = {"_csrf": attacker.token, "kind": "phone", "value": candidate, "taken": "moved"}
    return await attacker.session.post(f"/members/{attacker.own}/identities", data=body)


DOORS: dict[str, Door] = {
    "lookup": look_up,
    "lookup once each": look_up_once_each,
    "create": create,
    "create once each": create_once_each,
    "create beside others": create_beside_others,
    "change": change,
    "add to own": add_to_own,
    "add to the victim": add_to_the_victim,
    "buy and keep": buy("keep"),
    "buy and create": buy("create"),
    "buy and refuse": buy("refuse"),
    "send again": send_again,
    "preview": preview,
    "claim": claim,
    "scan": scan,
    "type": type_into_the_box,
    "send": send_the_box,
    "fill in": fill_in(""),
    "fill in as a relative's": fill_in("relative"),
    "fill in as moved": fill_in("moved"),
    "fill in as the same": fill_in("same"),
    "give own another phone": give_own_another_phone,
    "add on the page": add_on_the_page,
}


SAYING_IT_ON_THE_PAGE = ("type", "scan")
"""Doors that go on, for names and goods are still found, and say among the rest that no more is looked up."""


async def tried(attacker: Attacker, door: Door) -> list[Told]:
    """What a door says of all candidates, one after another."""
    return [told(await door(attacker, candidate), candidate) for candidate in CANDIDATES]


@pytest.mark.parametrize("door", DOORS)
async def test_a_door_says_the_same_of_every_candidate(attacker, door):
    answers = await tried(attacker, DOORS[door])
    refused = set(answers[ANSWERED + 1 :])  # the first refusal of a page may still show what was said last
    assert len(refused) == 1, sorted(refused)


@pytest.mark.parametrize("door", [name for name in DOORS if name not in SAYING_IT_ON_THE_PAGE])
async def test_a_door_is_closed_and_says_when_it_opens(attacker, door):
    answers = [await DOORS[door](attacker, candidate) for candidate in CANDIDATES[: ANSWERED + 1]]
    assert answers[-1].status_code == 429, answers[-1].text
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 24 * 3600 + 1


async def test_doors_together_answer_no_more_than_one(attacker):
    doors = list(DOORS.values())
    for number, candidate in enumerate(CANDIDATES[:ANSWERED]):
        await doors[number % len(doors)](attacker, candidate)
    answers = {name: await door(attacker, RIGHT) for name, door in DOORS.items()}
    closed = {name: 200 if name in SAYING_IT_ON_THE_PAGE else 429 for name in DOORS}
    assert {name: answer.status_code for name, answer in answers.items()} == closed
    assert str(attacker.victim) not in "".join(answer.text for answer in answers.values())


async def test_asking_again_with_the_same_key_gives_no_other_answer(attacker):
    await tried(attacker, look_up)
    answers = [told(await look_up_once_each(attacker, RIGHT), RIGHT) for _again in range(3)]
    assert {status for status, _headers, _body in answers} == {429}
    assert len(set(answers)) == 1


TABLES = ("member", "identity", "contact", "purchase", "event", "member_store")


async def sizes() -> list[int]:
    return [await fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]


@pytest.mark.parametrize("door", DOORS)
async def test_a_refused_request_changes_nothing(attacker, door):
    for candidate in CANDIDATES[:ANSWERED]:
        await look_up(attacker, candidate)
    before = await sizes()
    await DOORS[door](attacker, RIGHT)
    assert await sizes() == before


async def test_a_search_says_the_same_of_all_candidates(attacker):
    answers = set()
    for candidate in CANDIDATES[140:160]:
        for part in (candidate, candidate[:7], candidate[3:], candidate[2:]):
            answers.add(told(await attacker.key.get("/members", params={"q": part}), part))
    assert len(answers) == 1


@pytest.mark.parametrize("path", ["/members/import", "/members/export"])
async def test_lists_of_candidates_are_not_taken_from_who_may_not_reveal(attacker, path):
    assert (await attacker.session.get(path)).status_code in (403, 404)


async def test_what_is_seen_of_the_victim_is_masked_wherever_it_stands(attacker):
    pages = [
        await attacker.session.get("/members"),
        await attacker.session.get(f"/members/{attacker.victim}"),
        await attacker.session.get(f"/members/{attacker.victim}/edit"),
        await attacker.key.get("/members"),
        await attacker.key.get(f"/members/{attacker.victim}"),
        await attacker.key.get(f"/members/{attacker.victim}/timeline"),
        await attacker.key.get(f"/members/{attacker.victim}/identities"),
    ]
    assert all(page.status_code == 200 for page in pages)
    assert all(RIGHT not in page.text for page in pages)
    assert MASKED in pages[1].text


async def test_a_taken_identity_of_someone_out_of_sight_says_only_to_ask(attacker, api_client):
    xuhui = (await access.add_store("xh", name="Xuhui")).id
    clinic = (await access.add_store("cl", name="Clinic", circle="clinic")).id
    answers = []
    for where in (xuhui, clinic):
        async with await api_client("members.read", "members.write", where=where) as key:
            answers.append(told(await key.post("/members", json={"name": "Eve", "phone": RIGHT}), RIGHT))
    assert answers[0] == answers[1]
    assert answers[0][0] == 409
    assert "ask the member to confirm it" in answers[0][2]
    assert '"member"' not in answers[0][2]


async def test_a_member_of_another_circle_is_like_one_who_never_was(attacker, api_client):
    clinic = (await access.add_store("cl", name="Clinic", circle="clinic")).id
    nobody = uuid7()
    async with await api_client("members.read", "members.write", "purchases.write", where=clinic) as key:
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"version": 1, "phone": RIGHT}),
            ("GET", "/timeline", None),
            ("GET", "/identities", None),
            ("POST", "/identities", {"kind": "phone", "value": RIGHT}),
            ("PUT", "/consents/marketing/sms", {"state": "granted"}),
        ):
            known, unknown = [
                told(await key.request(method, f"/members/{member}{path}", json=body), RIGHT)
                for member in (attacker.victim, nobody)
            ]
            assert known == unknown
            assert known[0] == 404


def test_trying_all_candidates_takes_a_thousand_days():
    hidden = MASKED.count("*")
    assert 10**hidden / DEFAULTS["lookups.values_per_mask"] == 1000


async def test_a_busy_till_is_never_held_back(store):
    till = Actor("key", "till", (Grant(("members.read", "purchases.write"), store),), key_id=uuid7(), store=store)
    phones = [f"1390{number * 7919 % 10**7:07}" for number in range(500)]
    for phone in phones:
        await service.create_member(NewMember(name="Ana", phone=phone, store=store))
    with acting_as(till):
        for number, phone in enumerate([*phones, *phones[:50]]):
            done = await purchases.record_purchase(
                NewPurchase(source="till", external_id=str(number), amount=100, buyer=Buyer(identity=f"phone:{phone}"))
            )
            assert done.member is not None


LISTER = ("members.read", "members.write", "members.import", "members.reveal")


@pytest.fixture
async def lister(store: UUID) -> Actor:
    """Someone who brings lists and may reveal in another store, where the one they are after is seen masked."""
    xuhui = (await access.add_store("xh", name="Xuhui")).id
    victim = await service.create_member(NewMember(name="Ana", phone=RIGHT, store=store))
    await execute("INSERT INTO member_store (member, store) VALUES ($1, $2)", victim, xuhui)
    return Actor("staff", "Mallory", (Grant(LISTER, xuhui),), staff_id=uuid7(), store=xuhui)


async def brought(someone: Actor, tmp_path: Path, phones: Sequence[str], *, dry_run: bool = True) -> Report:
    """Have a list read that says of each phone that it is hers."""
    path = tmp_path / "list.csv"
    path.write_text("name,phone\n" + "".join(f"Ana,{phone}\n" for phone in phones))
    with acting_as(someone):
        return await import_members(path, options=ImportOptions(dry_run=dry_run))


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_list_of_candidates_is_told_no_more_than_the_desk(lister, tmp_path, dry_run):
    report = await brought(lister, tmp_path, CANDIDATES, dry_run=dry_run)
    assert (report.created, report.updated, report.unchanged) == (ANSWERED, 0, 0)
    assert report.rejected == len(CANDIDATES) - ANSWERED
    assert len({str(reason) for _line, reason in report.first_rejects}) == 1


async def test_many_small_lists_are_told_no_more_than_one(lister, tmp_path):
    await brought(lister, tmp_path, CANDIDATES[:ANSWERED])
    told_of_it = await brought(lister, tmp_path, CANDIDATES[145:155])
    assert (told_of_it.created, told_of_it.unchanged, told_of_it.rejected) == (0, 0, 10)


async def test_a_list_closes_the_desk_and_the_desk_the_list(lister, tmp_path):
    await brought(lister, tmp_path, CANDIDATES[:ANSWERED])
    with acting_as(lister), pytest.raises(TooMany):
        await service.lookup(f"phone:{RIGHT}")


async def test_the_same_list_again_is_no_new_question(lister, tmp_path):
    reports = [await brought(lister, tmp_path, CANDIDATES[:ANSWERED], dry_run=False) for _again in range(2)]
    assert [(one.created, one.unchanged, one.rejected) for one in reports] == [(ANSWERED, 0, 0), (0, ANSWERED, 0)]


async def test_who_may_reveal_everybody_brings_any_list(lister, tmp_path):
    owner = Actor("staff", "Olive", (Grant(LISTER),), staff_id=uuid7(), store=lister.store)
    report = await brought(owner, tmp_path, CANDIDATES)
    assert (report.created, report.unchanged, report.rejected) == (len(CANDIDATES) - 1, 1, 0)


async def test_an_ordinary_list_is_never_held_back(lister, tmp_path):
    phones = [f"13{head}{(number * 104729) % 10**8:08}" for number, head in enumerate("56789" * 400)]
    report = await brought(lister, tmp_path, phones)
    assert (report.created, report.rejected) == (len(phones), 0)


async def test_two_lists_at_once_are_told_no_more_than_one(lister):
    known = [identity("phone", phone) for phone in CANDIDATES]
    with acting_as(lister):
        refused = await asyncio.gather(*(count_list(known[place::8]) for place in range(8)))
    assert len(known) - sum(map(len, refused)) <= ANSWERED
