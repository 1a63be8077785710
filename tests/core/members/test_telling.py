"""All that is known of one member, in one document: whole, complete, and about nobody else."""

from __future__ import annotations

import importlib
from uuid import UUID

import httpx
import msgspec
import pytest
from signed_in import owner

from tessera.access.actor import Actor, Grant, acting_as
from tessera.access.audit import unusual
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.service import NewMember, merging
from tessera.members.service.attachments import attach
from tessera.members.service.fields import make_field, set_custom
from tessera.members.service.links import link
from tessera.members.service.tags import set_tags
from tessera.members.service.telling import export_member
from tessera.plugin import add_record
from tessera.points import service as points
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPurchase
from tessera.tasks.service import open_task

__all__ = ["owner"]


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await service.create_member(
        NewMember(
            name="Ana López",
            phone="13800138000",
            email="ana@example.com",
            birthday="1990-02-28",
            address="12 Harbour Road",
            store=store,
            identities=[("card", "C001")],
            consents=[("marketing", "sms", "granted")],
            note="likes the window seat",
        )
    )


async def as_json(member: UUID) -> dict:
    """The document as it is written."""
    return msgspec.json.decode(msgspec.json.encode(await export_member(member)))


async def test_it_says_what_it_is(ana):
    told = await as_json(ana)
    assert (told["format"], told["version"]) == ("tessera.member", 1)
    assert set(told) == {"format", "version", "at", "business", "member", "rooms"}


async def test_values_are_whole(ana):
    member = (await as_json(ana))["member"]
    assert {one["value"] for one in member["identities"]} == {"+8613800138000", "ana@example.com", "C001"}
    assert (member["address"], member["birthday"]) == ("12 Harbour Road", "1990-02-28")
    assert [note["text"] for note in member["notes"]] == ["likes the window seat"]


async def test_what_was_agreed_to_has_its_history(ana):
    await service.set_consent(ana, "marketing", "sms", "refused", source="desk")
    member = (await as_json(ana))["member"]
    assert [one["state"] for one in member["consents"]] == ["refused"]
    assert [one["state"] for one in member["consent_history"]] == ["granted", "refused"]


async def test_every_room_tells_what_it_knows(ana, store):
    await make_field("size", "text", {"en": "Size"}, sensitive=True)
    await set_custom(ana, {"size": "M"})
    await set_tags(ana, ["vip"])
    await attach(ana, b"%PDF-1.7", name="scan.pdf")
    await open_task("call", "Call her", member=ana)
    await points.credit(await service.account_of(ana), ana, 10, reason="welcome", expires_at=None)
    bought = NewPurchase(
        source="till",
        external_id="R1",
        buyer=Buyer(id=ana),
        store="main",
        amount=500,
        lines=[NewLine(sku="T1", name="Tea", amount=500)],
    )
    await purchases.record_purchase(bought)
    check = importlib.import_module("tessera_dummy.tables").Check
    await add_record(check, ana, {"score": 50, "remark": "well"}, store=store)
    told = await as_json(ana)
    member, rooms = told["member"], told["rooms"]
    assert member["custom"] == {"size": "M"}
    assert [tag["name"] for tag in member["tags"]] == ["vip"]
    assert member["attachments"][0]["title"] == "scan.pdf"
    assert rooms["core.tasks"]["tasks"][0]["title"]["en"] == "Call her"
    assert "welcome" in [entry["reason"] for entry in rooms["core.points"]["entries"]]
    assert rooms["core.purchases"]["purchases"][0]["lines"][0]["name"] == "Tea"
    assert rooms["core.records"]["dummy.check_up"][0]["remark"] == "well"


async def test_who_looked_is_told(ana, api):
    await api.get(f"/members/{ana}")
    seen = (await as_json(ana))["member"]["seen_and_changed_by"]
    assert ("members.revealed", "test") in [(row["action"], row["actor"]) for row in seen]


async def test_others_are_numbers(ana, store):
    mother = await service.create_member(NewMember(name="Eva Secret", phone="13900139000", store=store))
    await link(ana, "guardian", mother)
    written = msgspec.json.encode(await export_member(ana)).decode()
    number = await fetchval("SELECT number FROM member WHERE id = $1", mother)
    assert number in written
    assert "Eva" not in written
    assert "13900139000" not in written


async def test_who_was_merged_is_told_of_too(ana, store):
    other = await service.create_member(NewMember(name="Ana L", store=store, note="hates the window seat"))
    await merging.merge(ana, other, {})
    member = (await as_json(other))["member"]
    assert [one["id"] for one in member["merged"]] == [str(other)]
    assert {note["text"] for note in member["notes"]} == {"likes the window seat", "hates the window seat"}


async def test_of_two_values_of_a_field_the_one_that_holds_is_told_as_such(ana, store):
    await make_field("seat", "text", {"en": "Seat"})
    for number, name in enumerate(("Ana B", "Ana C")):
        other = await service.create_member(NewMember(name=name, store=store))
        await set_custom(ana if not number else other, {"seat": name})
        await merging.merge(ana, other, {})
    number = await fetchval("SELECT number FROM member WHERE id = $1", other)
    member = (await as_json(ana))["member"]
    assert member["custom"]["seat"] == "Ana B"
    assert member["custom_of_merged"] == {number: {"seat": "Ana C"}}


async def test_the_telling_counts_among_what_someone_reveals_in_a_day(ana, store):
    someone = Actor("staff", "Mallory", (Grant(("*",)),), staff_id=uuid7(), store=store)
    await set_setting(unusual.SETTING, {"staff": {"revealed": 2}})
    with acting_as(someone):
        for _again in range(3):
            await export_member(ana)
    assert await fetchval("SELECT kind FROM audit_alarm") == "revealed"


async def test_the_telling_is_audited(ana):
    await export_member(ana)
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.all_revealed' AND member = $1", ana) == 1


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (("members.read",), 403),
        (("members.export", "members.read"), 403),
        (("members.export", "members.reveal"), 200),
    ],
)
async def test_it_takes_the_right_to_export_and_to_reveal(ana, store, api_client, permissions, status):
    async with await api_client(*permissions, where=store) as client:
        assert (await client.get(f"/members/{ana}/export")).status_code == status


async def test_the_page_gives_a_file(ana, owner: httpx.AsyncClient):
    page = await owner.get(f"/members/{ana}/export")
    number = await fetchval("SELECT number FROM member WHERE id = $1", ana)
    assert page.headers["content-disposition"] == f'attachment; filename="{number}.json"'
    assert page.json()["member"]["name"] == "Ana López"


async def test_no_table_about_members_is_forgotten(ana):
    """Every table of the core that points at members is told of, or follows from one that is."""
    told = {
        "account", "attachment", "balance", "consent", "consent_word", "contact", "entry", "identity", "lot", "member",
        "member_custom", "member_link", "member_note", "member_staff", "member_store", "member_tag", "message",
        "purchase", "purchase_return", "rule_firing", "stage_change", "task", "visit", "deed", "member_tier",
        "redemption", "taking", "tier_change",
    }  # fmt: skip
    follows_from_those = {"member_stats", "duplicate", "member_merge", "brought_entitlement"}
    rows = await fetch(
        "SELECT DISTINCT t.relname AS name FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
        "WHERE c.contype = 'f' AND c.confrelid IN ('member'::regclass, 'account'::regclass) "
        "AND t.relnamespace = 'public'::regnamespace"
    )
    assert {row["name"] for row in rows} - told - follows_from_those == set()
