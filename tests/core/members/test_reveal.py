"""A person sees masked values and reveals one at a time; a program sees whole ones; the audit knows of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import Forbidden, Invalid
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.service import NewMember
from tessera.members.service.reveal import NothingToReveal, masked, reveal

PHONE = "+8613800138000"


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await service.create_member(
        NewMember(
            name="Ana",
            phone="13800138000",
            email="ana@example.com",
            address="长宁路1号201室",
            identities=[("card", "C0012345")],
            store=store,
        )
    )


async def revelations() -> list[Any]:
    return await fetch("SELECT * FROM audit WHERE action = 'members.revealed' ORDER BY id")


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", PHONE), ("email", "ana@example.com"), ("address", "长宁路1号201室")],
)
async def test_a_person_with_the_right_reveals_one_value(store, ana, as_cashier, field, value):
    with as_cashier(store, also=("members.reveal",)):
        assert await reveal(ana, field) == value
    (row,) = await revelations()
    assert (row["member"], row["fields"], row["rows"], row["store"]) == (ana, [field], 1, store)


async def test_any_identity_is_revealed_by_its_id(store, ana, as_cashier):
    card = await fetchval("SELECT id FROM identity WHERE member = $1 AND kind = 'card'", ana)
    with as_cashier(store, also=("members.reveal",)):
        assert await reveal(ana, f"identity:{card}") == "C0012345"
    (row,) = await revelations()
    assert (row["fields"], row["subject"]) == (["identity:card"], card)


async def test_the_audit_never_holds_the_value(store, ana, as_cashier):
    with as_cashier(store, also=("members.reveal",)):
        await reveal(ana, "phone")
    (row,) = await revelations()
    assert "13800138000" not in str(dict(row))


async def test_without_the_right_nothing_is_revealed(store, ana, as_cashier):
    with as_cashier(store), pytest.raises(Forbidden):
        await reveal(ana, "phone")
    assert await revelations() == []


async def test_the_right_of_another_store_reveals_nothing(store, ana):
    other = (await access.add_store("xh", name="Xuhui")).id
    await execute("INSERT INTO member_store (member, store) VALUES ($1, $2)", ana, other)
    someone = Actor("staff", "Lin", (Grant(("members.read", "members.reveal"), other),), store=other)
    with acting_as(someone), pytest.raises(Forbidden):
        await reveal(ana, "phone")


async def test_a_member_outside_of_ones_stores_does_not_exist(ana, as_cashier):
    other = (await access.add_store("xh", name="Xuhui")).id
    with as_cashier(other, also=("members.reveal",)), pytest.raises(service.MemberUnknown):
        await reveal(ana, "phone")


async def test_whoever_is_responsible_for_a_member_reveals_with_the_right_for_ones_own(store, ana):
    coach = await access.add_staff("lin", "Lin", "three quiet lanterns", role_code="cashier", store_code="main")
    await execute(
        "INSERT INTO member_staff (id, member, role, staff, since) VALUES ($1, $2, 'cashier', $3, now())",
        uuid7(),
        ana,
        coach.id,
    )
    rights = (Grant(("members.read@own", "members.reveal@own"), store),)
    with acting_as(Actor("staff", "Lin", rights, staff_id=coach.id, store=store)):
        assert await reveal(ana, "phone") == PHONE


async def test_a_value_that_is_not_there_is_not_found(store, as_cashier):
    ben = await service.create_member(NewMember(name="Ben", store=store))
    with as_cashier(store, also=("members.reveal",)), pytest.raises(NothingToReveal):
        await reveal(ben, "phone")


async def test_the_identity_of_someone_else_is_not_found(store, ana, as_cashier):
    ben = await service.create_member(NewMember(name="Ben", store=store))
    card = await fetchval("SELECT id FROM identity WHERE member = $1 AND kind = 'card'", ana)
    with as_cashier(store, also=("members.reveal",)), pytest.raises(NothingToReveal):
        await reveal(ben, f"identity:{card}")


async def test_a_field_that_is_none_is_refused(ana):
    with pytest.raises(Invalid, match="choose one of"):
        await reveal(ana, "name")


async def test_hiding_it_again_shows_the_mask(ana):
    assert await masked(ana, "phone") == "138****8000"


async def test_a_list_of_whole_members_is_audited_once(api: AsyncClient, ana: UUID, store: UUID):
    await service.create_member(NewMember(name="Ben", phone="13900139001", store=store))
    listed = (await api.get("/members")).json()["items"]
    assert {one["phone"] for one in listed} == {PHONE, "+8613900139001"}
    (row,) = await revelations()
    assert (row["rows"], row["member"], row["actor_kind"]) == (2, None, "key")
    assert row["fields"] == ["address", "card", "email", "phone"]


async def test_a_member_without_anything_sealed_is_no_revelation(api: AsyncClient, store: UUID):
    await service.create_member(NewMember(name="Ben", store=store))
    await api.get("/members")
    assert await revelations() == []


async def test_a_key_without_the_right_sees_masks_and_leaves_no_trace(api_client, ana):
    async with await api_client("members.read") as client:
        assert (await client.get("/members")).json()["items"][0]["phone"] == "138****8000"
    assert await revelations() == []


async def test_a_key_reveals_one_value(api: AsyncClient, ana: UUID):
    answered = await api.post(f"/members/{ana}/reveal", json={"field": "email"})
    assert (answered.status_code, answered.json()) == (200, {"field": "email", "value": "ana@example.com"})


async def test_the_owners_pages_show_masks_only(owner, ana):  # noqa: F811
    for page in ("/members", f"/members/{ana}", f"/members/{ana}/edit"):
        shown = (await owner.get(page)).text
        assert "13800138000" not in shown
        assert "ana@example.com" not in shown


async def test_the_owner_reveals_a_phone_on_a_page_for_a_minute(owner, ana):  # noqa: F811
    page = await send(owner, f"/members/{ana}/edit", f"/members/{ana}/reveal", field="phone")
    assert PHONE in page.text
    assert "load delay:60s" in page.text
    assert page.headers["cache-control"] == "no-store"
    hidden = await owner.get(f"/members/{ana}/masked", params={"field": "phone"})
    assert "138****8000" in hidden.text


async def test_a_value_is_not_revealed_by_following_a_link(owner, ana):  # noqa: F811
    assert (await owner.get(f"/members/{ana}/reveal", params={"field": "phone"})).status_code in {404, 405}


async def test_an_edit_form_that_leaves_masked_fields_empty_keeps_them(owner, ana):  # noqa: F811
    await send(owner, f"/members/{ana}/edit", name="Ana López", version="1")
    seen = await service.member(ana)
    assert (seen.name, seen.phone, seen.email) == ("Ana López", PHONE, "ana@example.com")


async def test_an_address_is_removed_only_when_that_was_said(owner, ana):  # noqa: F811
    await send(owner, f"/members/{ana}/edit", name="Ana", version="1", clear_address="yes")
    assert (await service.member(ana)).address is None
