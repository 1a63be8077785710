"""What is outside one's circle, one's stores or one's own members does not exist, on every route there is.

A world with three stores in two circles holds one row of every kind that a path can name, all of it about
someone in the store of Pudong. Four people look for it who may do everything, elsewhere: each gets, on each
route, the very answer that they get for what was never there.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from tessera.access import service as access
from tessera.access.actor import acting_as, system_actor
from tessera.access.permissions import ABOUT_A_MEMBER, PUBLIC, SIGNED_IN
from tessera.access.service import invitations, permissions, tablets
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost
from tessera.members import service as members
from tessera.members.imports import uploads
from tessera.members.service import attachments, responsible, tags
from tessera.members.service.links import link
from tessera.members.service.merging import merge
from tessera.messaging import service as messaging
from tessera.points import service as points
from tessera.points.rewards import service as rewards
from tessera.purchases import service as purchases
from tessera.purchases.service.contract import Buyer, NewPurchase
from tessera.records import service as records
from tessera.records.kinds import kind_named
from tessera.tasks import service as tasks
from tessera.web.guard import guard
from tessera_wallet.coupons import kinds as coupons
from tessera_wallet.coupons.issuing import issue
from tessera_wallet.desk import Paid
from tessera_wallet.memberships import products as memberships
from tessera_wallet.memberships import selling as selling_memberships
from tessera_wallet.memberships.holding import hold
from tessera_wallet.packs import products as packs
from tessera_wallet.packs import selling, using
from tessera_wallet.value import recharging

NAME, PHONE = "Mingyue Qiuhe", "13800138000"
SECRET = "three quiet lanterns"
AN_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
CHANGING = re.compile(r'(name="_csrf" value="|X-CSRF-Token": ?"|X-CSRF-Token&#34;: ?&#34;)[^"&]+|"at":"[^"]+"')
PARAMETER = re.compile(r"\{(\w+):(\w+)\}")


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One pixel."""


@dataclass
class World:
    """The rows of someone in Pudong by the names that paths give them, and every word by which they are known."""

    rows: dict[str, UUID] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


OF_THE_BUSINESS = {
    "code": "no_visit",
    "name": "fitness",
    "reward": "mug",
    "role": "cashier",
    "purpose": "marketing",
    "channel": "email",
    "token": "x.y",
    "tag": str(uuid7()),
    "delivery": str(uuid7()),
    "rate": str(uuid7()),
    "offer": str(uuid7()),
    "pack_product": str(uuid7()),
}
"""Parameters that name what the whole business shares, with something that stands there for both."""

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/api/v1/members/{member_id:uuid}"): {"version": 1, "name": "Eve"},
    ("PUT", "/api/v1/members/{member_id:uuid}/stage"): {"stage": "lost", "reason": "moved away"},
    ("PUT", "/api/v1/members/{member_id:uuid}/tier"): {"tier": "basic", "reason": "gift"},
    ("POST", "/members/{member_id:uuid}/tier"): {"tier": "basic", "reason": "gift"},
    ("POST", "/api/v1/members/{member_id:uuid}/identities"): {"kind": "card", "value": "C001"},
    ("PATCH", "/api/v1/members/{member_id:uuid}/identities/{identity_id:uuid}"): {"primary": True},
    ("POST", "/api/v1/members/{member_id:uuid}/links"): {"role": "employer", "label": "Acme"},
    ("PUT", "/api/v1/members/{member_id:uuid}/consents/{purpose:str}/{channel:str}"): {"state": "refused"},
    ("POST", "/api/v1/members/{member_id:uuid}/reveal"): {"field": "phone"},
    ("PUT", "/api/v1/members/{member_id:uuid}/responsible/{role:str}"): {"staff": None},
    ("POST", "/api/v1/members/{member_id:uuid}/merge"): {"other": str(uuid7())},
    ("PUT", "/api/v1/purchases/{purchase:uuid}/member"): {"member": {"id": str(uuid7())}},
    ("POST", "/api/v1/members/{member:uuid}/redemptions"): {"reward": "mug"},
    ("POST", "/members/{member:uuid}/redemptions"): {"reward": "mug", "once": str(uuid7())},
    ("POST", "/api/v1/redemptions/{redeemed:uuid}/cancel"): {"reason": "broken"},
    ("POST", "/members/{member:uuid}/redemptions/{redeemed:uuid}/cancel"): {"reason": "broken"},
    ("POST", "/api/v1/members/{member:uuid}/entries"): {"kind": "credit", "amount": 5, "reason": "gift"},
    ("POST", "/api/v1/entries/{entry:uuid}/reverse"): {"reason": "a mistake"},
    ("POST", "/api/v1/tasks/{task:uuid}/done"): {"outcome": "done"},
    ("POST", "/api/v1/members/{member_id:uuid}/erase"): {"reason": "asked"},
    ("POST", "/members/{member_id:uuid}/merge"): {"other": str(uuid7())},
    ("POST", "/api/v1/wallet/recharges/{recharge:uuid}/refunds"): {"method": "cash", "reason": "asked"},
    ("POST", "/api/v1/wallet/packs/{pack:uuid}/refunds"): {"method": "cash", "reason": "asked"},
    ("POST", "/api/v1/wallet/packs/{pack:uuid}/extensions"): {"until": "2099-01-01", "reason": "was ill"},
    ("POST", "/api/v1/wallet/members/{member:uuid}/sessions"): {"kind": "visit"},
    ("POST", "/api/v1/wallet/redemptions/{redemption:uuid}/undo"): {"reason": "asked"},
    ("POST", "/api/v1/wallet/memberships/{membership:uuid}/hold"): {"from_on": "2099-01-01", "until_on": "2099-01-02"},
    ("POST", "/api/v1/wallet/memberships/{membership:uuid}/transfer"): {"to": str(uuid7())},
    ("POST", "/api/v1/wallet/memberships/{membership:uuid}/upgrade"): {"product": "year"},
    ("POST", "/wallet/recharges/{recharge:uuid}/refund"): {"method": "cash", "reason": "asked"},
    ("POST", "/wallet/packs/{pack:uuid}/refund"): {"method": "cash", "reason": "asked"},
    ("POST", "/wallet/packs/{pack:uuid}/extend"): {"until": "2099-01-01", "reason": "was ill"},
}
"""What to send so that a request gets as far as looking for its row, in JSON or a form; most need nothing."""

FIELDS = {"/dummy/habits": "worry"}
"""The sensitive field of a record type that has one."""

CORRECTION: dict[str, Any] = {"version": 1, "note": "again"}
"""What corrects a record of any type."""


def body_of(method: str, path: str) -> dict[str, Any]:
    """What to send to a route."""
    if (method, path) in BODIES:
        return BODIES[(method, path)]
    return CORRECTION if method == "PATCH" and path.endswith("{record:uuid}") else {}


FOREIGN: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/purchases", {"external_id": "1", "source": "till", "member": {"id": "{member}"}, "amount": 100}),
    ("/api/v1/purchases/preview", {"member": {"id": "{member}"}, "amount": 100}),
    ("/api/v1/returns", {"source": "till", "external_id": "r1", "purchase": "{purchase}", "amount": 100}),
    ("/api/v1/fitness/body-tests", {"member": "{member}", "height": "170", "weight": "70"}),
    ("/api/v1/messages", {"member": "{member}", "template": "fitness.we_miss_you"}),
    ("/api/v1/members/tags", {"members": ["{member}"], "add": ["vip"]}),
    ("/api/v1/members/{mine}/links", {"role": "payer", "member": "{member}"}),
    ("/api/v1/wallet/recharges", {"member": "{member}", "amount": 1, "payments": [{"method": "cash", "amount": 1}]}),
    ("/api/v1/wallet/adjustments", {"member": "{member}", "part": "bonus", "amount": 1, "reason": "gift"}),
    ("/api/v1/wallet/memberships", {"member": "{member}", "product": "year"}),
    ("/api/v1/wallet/coupons", {"member": "{member}", "kind": "ten"}),
    ("/api/v1/wallet/packs", {"member": "{member}", "product": "{member}", "payments": []}),
    ("/api/v1/wallet/memberships", {"member": "{mine}", "payer": "{member}", "product": "year", "method": "cash"}),
    ("/api/v1/wallet/packs", {"member": "{mine}", "payer": "{member}", "product": "{member}", "payments": []}),
    ("/api/v1/members/{mine}/merge", {"other": "{member}"}),
]
"""Bodies that name someone; ``{mine}`` is a member that the sender does see."""


def routes(app: Litestar) -> list[tuple[str, str, Any]]:
    """Method, path and handler of every route that a person wrote."""
    return [
        (str(method), route.path, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if not handler.fn.__module__.startswith("litestar.")
        for method in sorted(handler.http_methods)
        if method != "OPTIONS"
    ]


@pytest.fixture
async def pudong(store: UUID) -> UUID:
    with system_actor():
        await access.add_store("cl", "Quiet Clinic", circle="clinic")
        return (await access.add_store("pd", "Pudong")).id


@pytest.fixture
async def world(pudong: UUID, plugin_host: PluginHost) -> World:
    """Everything about Mingyue, who belongs to Pudong."""
    found = World()
    with system_actor():
        new = members.NewMember(name=NAME, phone=PHONE, store=pudong, note="Prefers mornings")
        who = await members.create_member(new)
        found.rows |= {"member": who, "member_id": who, "store_id": pudong}
        twin = await members.create_member(members.NewMember(name=f"{NAME} Twin", store=pudong))
        found.rows["merge"] = found.rows["merge_id"] = (await merge(who, twin)).merge
        payer = await members.create_member(members.NewMember(name=f"{NAME} Payer", store=pudong))
        await link(who, "payer", payer)
        found.rows["link_id"] = await fetchval("SELECT id FROM member_link LIMIT 1")
        found.rows["identity_id"] = await fetchval("SELECT id FROM identity WHERE kind = 'phone'")
        like = members.NewMember(name=NAME, birthday="1990-02-28", store=pudong, address="7 Long Alley, Pudong")
        await members.create_member(like)
        await members.create_member(like)
        found.rows["pair_id"] = await fetchval("SELECT id FROM duplicate ORDER BY score DESC LIMIT 1")
        await tags.tag_members([who], add=["Mingyues own tag"])
        await points.credit(await members.account_of(who), who, 50, reason="gift", store=pudong)
        await rewards.make_reward(rewards.NewReward(code="mug", title={"en": "Mug"}, points=5))
        found.rows["redeemed"] = (await rewards.redeem(who, "mug", store=pudong)).id
        bought = NewPurchase(external_id="P-1", source="till", buyer=Buyer(id=who), store="pd", amount=1000)
        await purchases.record_purchase(bought)
        found.rows["purchase"] = found.rows["purchase_id"] = await fetchval("SELECT id FROM purchase")
        cashier = await access.add_staff("pd-till", "Pudong till", SECRET, role_code="cashier", store_code="pd")
        found.rows["shift_id"] = await fetchval(
            "INSERT INTO shift (id, store, staff, currency, opened_at, opening, note) "
            "VALUES ($1, $2, $3, 'CNY', now(), 0, '') RETURNING id",
            uuid7(),
            pudong,
            cashier.id,
        )
        found.rows["entry"] = await fetchval("SELECT id FROM entry WHERE kind = 'credit' LIMIT 1")
        found.rows["task"] = await tasks.open_task("call", f"Call {NAME}", member=who, role="manager")
        found.rows |= await _paid_ahead(who)
        found.rows |= await _passes(who)
        kind = kind_named(plugin_host, "fitness.body_test")
        found.rows["record"] = (await records.record(kind, who, {"height": "170", "weight": "70"}, store=pudong)).id
        for code, url, given in (
            ("dummy.check_up", "check-ups", {"score": "50"}),
            ("dummy.habit", "habits", {"drink": "tea", "worry": "spiders"}),
        ):
            one = await records.record(kind_named(plugin_host, code), who, given, store=pudong)
            found.rows[url] = one.id
        await messaging.consider(who, "fitness.we_miss_you", origin="api")
        found.rows["attachment_id"] = await attachments.attach(who, PICTURE, name="hidden-scan.png")
        found.rows["message"] = await fetchval("SELECT id FROM message")
        await _staff(found, pudong)
    found.words += [NAME, str(await fetchval("SELECT number FROM member WHERE id = $1", who)), PHONE[-8:]]
    found.words += [str(id_) for id_ in found.rows.values()] + [id_.hex for id_ in found.rows.values()]
    return found


async def _paid_ahead(member: UUID) -> dict[str, UUID]:
    """A recharge, a pack, and a session of it that was used."""
    paid = await recharging.recharge(
        recharging.NewRecharge(member=member, amount=100, payments=[Paid("cash", 100)], store="pd")
    )
    product = await packs.keep_product(
        packs.NewProduct(title="Two visits", kind="visit", bought=2, price=0, currency="CNY")
    )
    pack = await selling.sell(selling.NewPack(member=member, product=product, payments=[], store="pd"))
    used = await using.use(member, pack=pack.id, store="pd")
    return {"recharge": paid.id, "pack": pack.id, "redemption": used.id}


async def _passes(who: UUID) -> dict[str, UUID]:
    """A membership on hold, and a coupon."""
    await memberships.make_product("year", memberships.NewProduct(title="A year", term_n=12, hold_days=30))
    sold = await selling_memberships.sell(selling_memberships.Sale(member=who, product="year"))
    today = business().today()
    held = await hold(sold, today, today)
    await coupons.make_kind("ten", coupons.NewKind(title="Ten off", amount=1000))
    return {"membership": sold, "hold": held.holds[0].id, "coupon": (await issue(who, "ten")).id}


async def _staff(found: World, pudong: UUID) -> None:
    invited = await invitations.invite("Hidden Colleague", [("owner", "pd")], login="hidden.colleague")
    found.rows["staff"] = (await invitations.accept(invited.token, "hidden.colleague", SECRET)).id
    colleague = await access.resume(await access.open_session(found.rows["staff"]))
    assert colleague is not None
    with acting_as(colleague):
        await access.add_key("hidden till", ["points.read"], store=pudong)
        await tablets.share(pudong, "hidden tablet")
        found.rows["upload"] = await uploads.bring(f"name,phone\n{NAME},{PHONE}\n".encode(), "hidden-list.csv")
    found.rows["key"] = await fetchval("SELECT id FROM api_key")
    found.rows["tablet"] = await fetchval("SELECT id FROM device")
    await responsible.set_responsible(found.rows["member"], "manager", found.rows["staff"])
    found.words += [
        "Hidden Colleague",
        "hidden.colleague",
        "hidden till",
        "hidden tablet",
        "hidden-list",
        "hidden-scan",
    ]


ELSEWHERE = ["key of another store", "key of another circle", "staff of another store", "staff with other members"]


@asynccontextmanager
async def looking(app: Litestar, who: str) -> AsyncIterator[httpx.AsyncClient]:
    """The client of someone who may do everything, elsewhere."""
    with system_actor():
        headers, cookies = await _comes_in(who)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={**headers, "Accept-Language": "en"}, cookies=cookies
    ) as client:
        if cookies:
            page = (await client.get("/", headers={"Accept": "text/html"})).text
            client.headers["X-CSRF-Token"] = re.search(r"X-CSRF-Token[^:]*: ?(?:&#34;|\")([^&\"]+)", page)[1]
        yield client


async def _comes_in(who: str) -> tuple[dict[str, str], dict[str, str]]:
    if who.startswith("key"):
        where = access.store_by_code("cl" if "circle" in who else "main").id
        return {"Authorization": f"Bearer {await access.add_key('looker', ['*'], store=where)}"}, {}
    role, where = "owner", "main"
    if who == "staff with other members":
        own = [p.name for p in permissions() if p.name in ABOUT_A_MEMBER or len(p.name.split(".")) == 3]
        await access.keep_role("mine", "Mine", [f"{name}@own" for name in own])
        role, where = "mine", "pd"
    person = await access.add_staff("looker", "Looker", SECRET, role_code=role, store_code=where)
    return {}, {"tessera_session": await access.open_session(person.id)}


def filled(path: str, rows: dict[str, UUID] | None) -> str:
    """A path with the rows of the world in it, or with ids that were never there."""

    def value(match: re.Match[str]) -> str:
        name, before = match[1], path[: match.start()].rstrip("/").rpartition("/")[2]
        return OF_THE_BUSINESS.get(name) or str((rows.get(before) or rows[name]) if rows else uuid7())

    return PARAMETER.sub(value, path)


def plain(answer: httpx.Response) -> str:
    """An answer without what differs between any two requests."""
    return CHANGING.sub("", AN_ID.sub("ID", answer.text))


def test_every_parameter_of_a_path_has_a_row_in_the_world(app: Litestar, world: World):
    known = set(world.rows) | set(OF_THE_BUSINESS)
    unknown = {
        f'{path}: say in the world of this test what "{name}" names, or that the whole business shares it'
        for _method, path, handler in routes(app)
        for name, type_ in PARAMETER.findall(path)
        if name not in known and type_ != "path" and handler.opt["permission"] != PUBLIC
    }
    assert unknown == set()


def of_rows(app: Litestar, rows: dict[str, UUID]) -> list[tuple[str, str, Any]]:
    """The routes whose path names a row that belongs to a store or a member."""
    return [
        (method, path, handler)
        for method, path, handler in routes(app)
        if handler.opt["permission"] != PUBLIC and any(name in rows for name, _type in PARAMETER.findall(path))
    ]


async def ask(client: httpx.AsyncClient, method: str, path: str, where: str) -> httpx.Response:
    """A request as the route expects it: JSON below the API, a form on a page, a file where one is attached."""
    body, field_named = body_of(method, path), {"field": FIELDS.get(path.partition("/{record")[0], "phone")}
    if "tessera_flash" in client.cookies:
        del client.cookies["tessera_flash"]
    if path.endswith("/attachments") and method == "POST":
        return await client.post(where, files={"file": ("a.png", PICTURE, "image/png")})
    if path.startswith("/api/"):
        return await client.request(method, where, json=body if method not in ("GET", "DELETE") else None)
    page = {"Accept": "text/html"}
    if method == "POST":
        return await client.post(where, headers=page, data=body or field_named, params=field_named)
    return await client.get(where, headers=page, params=field_named)


@pytest.mark.parametrize("who", ELSEWHERE)
async def test_what_is_elsewhere_is_answered_exactly_as_what_was_never_there(app: Litestar, world: World, who: str):
    before = await _state(world)
    wrong = []
    async with looking(app, who) as client:
        for method, path, _handler in of_rows(app, world.rows):
            there = await ask(client, method, path, filled(path, world.rows))
            never = await ask(client, method, path, filled(path, None))
            if there.status_code != never.status_code or plain(there) != plain(never):
                wrong.append(
                    f"{method} {path}: {there.status_code} and {never.status_code} differ: {_apart(there, never)}"
                )
            elif there.status_code not in (403, 404) and not _leads_on(there):
                wrong.append(f"{method} {path}: {there.status_code} before it looked: give it a body in BODIES")
            wrong += [f"{method} {path} tells {word}" for word in _told(there, world, filled(path, world.rows))]
    assert not wrong, "\n".join(wrong)
    assert await _state(world) == before


def _apart(one: httpx.Response, other: httpx.Response) -> str:
    """Where two answers part, for whoever reads the failure."""
    words = zip(plain(one).splitlines(), plain(other).splitlines(), strict=False)
    return next((f"{mine[:300]} | {its[:300]}" for mine, its in words if mine != its), "in length")


def _leads_on(answer: httpx.Response) -> bool:
    """Whether a page that is only a piece of another leads to that one, which looks for the row itself."""
    return answer.status_code in (302, 303)


def _told(answer: httpx.Response, world: World, asked: str) -> list[str]:
    text = _text(answer)
    return [word for word in world.words if word in text and word not in asked]


def _text(answer: httpx.Response) -> str:
    if answer.content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return " ".join(book.read(name).decode(errors="replace") for name in book.namelist())
    return answer.text


async def _state(world: World) -> dict[str, Any]:
    """What would differ if anyone had changed something about Mingyue."""
    member = world.rows["member"]
    counts = {
        table: await fetchval(f"SELECT count(*) FROM {table} WHERE member = $1", member)
        for table in ("event", "identity", "member_tag", "member_note", "member_staff", "consent", "task", "message")
    }
    row = await fetch("SELECT version, stage, store, erased_at, merged_into FROM member WHERE id = $1", member)
    staff = await fetch("SELECT active, password_hash FROM staff WHERE id = $1", world.rows["staff"])
    key = await fetchval("SELECT revoked_at FROM api_key WHERE id = $1", world.rows["key"])
    return {**counts, "member": dict(row[0]), "staff": dict(staff[0]), "key": key}


QUESTIONS = {"q": ("Mingyu", "8000", PHONE), "store": ("pd",), "member": ("{member}",), "state": ("done",)}
"""What lists can be asked, by the name of the parameter."""


def asked_of(path: str, handler: Any, world: World) -> list[str]:
    """The addresses of a list: as it is, and with each question that it takes."""
    takes = set(handler.parsed_fn_signature.parameters)
    questions = [
        f"?{name}={value.format(member=world.rows['member'])}"
        for name, values in QUESTIONS.items()
        if name in takes
        for value in values
    ]
    return [path, *(path + question for question in questions)]


@pytest.mark.parametrize("who", ELSEWHERE)
async def test_no_list_search_count_or_export_holds_what_is_elsewhere(app: Litestar, world: World, who: str):
    wrong = []
    async with looking(app, who) as client:
        for method, path, handler in routes(app):
            if method != "GET" or "{" in path or handler.opt["permission"] == PUBLIC:
                continue
            for asked in asked_of(path, handler, world):
                answer = await client.get(asked)
                if answer.status_code >= 500:
                    wrong.append(f"GET {asked}: {answer.status_code}")
                wrong += [f"GET {asked} tells {word}" for word in _told(answer, world, asked)]
    assert not wrong, "\n".join(wrong)


async def test_across_circles_not_even_the_name_of_a_store_exists(app: Litestar, world: World):
    wrong = []
    async with looking(app, "staff of another store") as client:
        for method, path, handler in routes(app):
            opens = method == "GET" and "{" not in path and handler.opt["permission"] != PUBLIC
            if opens and "Quiet Clinic" in _text(await client.get(path)):
                wrong.append(f"{path} tells of the clinic")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ELSEWHERE[:2])
async def test_a_body_that_names_someone_elsewhere_is_refused_as_one_that_names_nobody(app, world, who):
    with system_actor():
        where = access.store_by_code("cl" if "circle" in who else "main").id
        mine = str(await members.create_member(members.NewMember(name="Mine", store=where)))
    there = {**{name: str(id_) for name, id_ in world.rows.items()}, "mine": mine}
    never = {**{name: str(uuid7()) for name in world.rows}, "mine": mine}
    wrong = []
    async with looking(app, who) as client:
        for path, body in FOREIGN:
            one, other = [
                await client.post(path.replace("{mine}", mine), json=_named(body, names)) for names in (there, never)
            ]
            if (one.status_code, other.status_code) != (404, 404) or plain(one) != plain(other):
                wrong.append(f"POST {path}: {one.status_code} {one.text} and {other.status_code} {other.text}")
    assert not wrong, "\n".join(wrong)


async def test_a_login_of_another_circle_is_like_one_that_nobody_has(app: Litestar, world: World):
    body = {"source": "till", "amount": 100, "store": "cl", "external_id": "1"}
    async with looking(app, "key of another circle") as client:
        answers = [
            plain(await client.post("/api/v1/purchases", json={**body, "staff": login})).replace(login, "LOGIN")
            for login in ("hidden.colleague", "nobody.at.all")
        ]
    assert answers[0] == answers[1]
    assert "nobody signs in as" in answers[0]


def _named(body: Any, names: dict[str, str]) -> Any:
    if isinstance(body, dict):
        return {key: _named(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [_named(value, names) for value in body]
    return body.format(**names) if isinstance(body, str) else body


def test_every_handler_is_let_through_by_the_one_guard(app: Litestar):
    assert [f"{m} {p}" for m, p, handler in routes(app) if guard not in handler.resolve_guards()] == []


async def test_every_route_that_names_a_row_answers_those_to_whom_it_belongs(app: Litestar, world: World):
    """Whoever may see everything finds each row of the world, so that 404 elsewhere means something."""
    wrong = []
    with system_actor():
        person = await access.add_staff("boss", "Boss", SECRET, role_code="owner")
    cookies = {"tessera_session": await access.open_session(person.id)}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test", cookies=cookies
    ) as boss:
        for method, path, handler in of_rows(app, world.rows):
            if method == "GET" and handler.opt["permission"] != SIGNED_IN:
                answer = await ask(boss, method, path, filled(path, world.rows))
                nothing = (answer.status_code == 422 and path.endswith("/masked")) or path.endswith("/rejects")
                if answer.status_code not in (200, 302, 303) and not nothing:
                    wrong.append(f"{path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_finding_by_an_exact_identity_ends_at_the_circle_and_at_ones_own_members(app: Litestar, world: World):
    for who in ("key of another circle", "staff with other members"):
        async with looking(app, who) as client:
            answers = [
                await client.post("/api/v1/members/lookup", json={"identity": f"phone:{phone}"})
                for phone in (PHONE, "13911112222")
            ]
        assert [answer.status_code for answer in answers] == [404, 404], who
        assert plain(answers[0]) == plain(answers[1])


async def test_looking_at_the_same_moment_mixes_nobody_up(app: Litestar, world: World):
    member = world.rows["member"]
    with system_actor():
        here = await access.add_key("here", ["members.read"], store=access.store_by_code("pd").id)
        there = await access.add_key("there", ["members.read"], store=access.store_by_code("main").id)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
        asked = [
            client.get(f"/members/{member}", headers={"Authorization": f"Bearer {key}"}) for key in (here, there) * 20
        ]
        assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200, 404] * 20
