"""Erasing a member: nothing is left by which the person could be found, and the books still add up."""

from __future__ import annotations

import asyncio
import importlib
from uuid import UUID

import asyncpg
import pytest

from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.identities import identity
from tessera.members.service import MemberUnknown, NewMember, erasing, merging
from tessera.members.service.attachments import attach
from tessera.members.service.fields import make_field, set_custom
from tessera.members.service.tags import set_tags
from tessera.plugin import add_record
from tessera.points import service as points
from tessera.points.service.privacy import HoldsValue
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewPurchase, NewReturn
from tessera.tasks.service import open_task

NAME, PHONE, EMAIL = "余红霞", "13988887761", "hongxia.yu@example.com"
RESIDENT, ADDRESS, NOTE = "11010519491231002X", "上海市徐汇区天钥桥路 59 号 803 室", "怕冷，不喝咖啡"
ALLERGY, FILE, REMARK, TASK = "penicillin-allergy", b"%PDF-1.7 scan of her passport", "knee-hurts", "call-hongxia"


async def everything() -> bytes:
    """Every table of the database as text, one after another."""
    said = []
    for row in await fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    ):
        said += [str(line[0]).encode() for line in await fetch(f"SELECT t::text FROM {row['name']} t")]
    return b"\n".join(said)


async def entries_of(member: UUID) -> list[tuple[str, int, str]]:
    rows = await fetch(
        "SELECT e.kind, e.amount, e.reason FROM entry e JOIN account a ON a.id = e.account "
        "WHERE a.member = $1 ORDER BY e.id",
        member,
    )
    return [tuple(row) for row in rows]


@pytest.fixture
async def hongxia(store: UUID) -> UUID:
    return await service.create_member(
        NewMember(
            name=NAME,
            phone=PHONE,
            email=EMAIL,
            birthday="1988-05-24",
            address=ADDRESS,
            store=store,
            identities=[("resident_id", RESIDENT), ("card", "CARD-7788")],
            consents=[("marketing", "sms", "granted")],
            note=NOTE,
        )
    )


async def sell(member: UUID, amount: int) -> purchases.Recorded:
    """Record a sale in the main store."""
    return await purchases.record_purchase(
        NewPurchase(source="till", external_id="R1", buyer=Buyer(id=member), store="main", amount=amount)
    )


async def known_in_every_room(member: UUID, store: UUID) -> None:
    """Let every room know something of the person."""
    await make_field("allergy", "text", {"en": "Allergy"}, sensitive=True)
    await set_custom(member, {"allergy": ALLERGY})
    await set_tags(member, ["vip-hongxia"])
    await attach(member, FILE, name="hongxia-scan.pdf", sensitive=False)
    check = importlib.import_module("tessera_dummy.tables").Check
    await add_record(check, member, {"score": 50, "remark": REMARK}, store=store)
    await open_task("call", TASK, detail=f"about {NAME}", member=member)
    account = await service.account_of(member)
    await points.credit(account, member, 100, reason=f"sorry, {NAME}", expires_at=None)
    await execute(
        "INSERT INTO message (id, member, recipient, channel, template, purpose, plugin, origin, state, given, content,"
        " due_at, attempts, created_at, updated_at) "
        "VALUES ($1, $2, 'member', 'email', 'x', 'service', 'core', 'staff', 'due', $3, $3, $4, 0, $4, $4)",
        uuid7(),
        member,
        NAME.encode(),
        clock.now(),
    )
    batch = uuid7()
    await execute(
        "INSERT INTO import_batch (id, kind, file_name, sha256, options, state, position, read, created, updated,"
        " unchanged, rejected, actor, started_at) "
        "VALUES ($1, 'members', 'a.csv', '', '{}', 'done', 1, 1, 0, 1, 0, 0, '', $2)",
        batch,
        clock.now(),
    )
    await execute(
        "INSERT INTO import_row (batch, line, action, target, before) VALUES ($1, 2, 'updated', $2, $3::jsonb)",
        batch,
        member,
        f'{{"member": {{"name": "{NAME}"}}}}',
    )


async def test_nothing_is_left_by_which_the_person_could_be_found(hongxia, store):
    await known_in_every_room(hongxia, store)
    other = await service.create_member(NewMember(name="余霞", phone="13977770001", store=store, note="sister-in-law"))
    await merging.merge(hongxia, other, {})
    lookups = [
        identity(kind, text).lookup.hex()
        for kind, text in (("phone", PHONE), ("email", EMAIL), ("resident_id", RESIDENT), ("card", "CARD-7788"))
    ]
    seals = [row["sealed"].hex() for row in await fetch("SELECT sealed FROM identity WHERE member = $1", hongxia)]
    plain = [NAME, "yuhongxia", ALLERGY, FILE.hex(), "hongxia-scan", REMARK, TASK, NAME.encode().hex()]
    before = await everything()
    assert [trace for trace in [*plain, *lookups, *seals] if trace.encode() not in before and trace != ALLERGY] == []
    await erasing.erase(hongxia)
    left = await everything()
    tail = [",7761,", "(7761,"]  # alone it may stand in any id
    hidden = [PHONE, *tail, EMAIL, RESIDENT, ADDRESS, NOTE, "CARD-7788", "余霞", "yuxia", "13977770001", "sister"]
    assert [trace for trace in [*plain, *hidden, *lookups, *seals] if trace.encode() in left] == []


async def test_the_number_stays_and_the_books_add_up(hongxia, store):
    number = await fetchval("SELECT number FROM member WHERE id = $1", hongxia)
    await sell(hongxia, 5000)
    await erasing.erase(hongxia)
    assert await fetchval("SELECT number FROM member WHERE id = $1", hongxia) == number
    assert await fetchval("SELECT amount FROM purchase WHERE member = $1", hongxia) == 5000
    assert await fetchval("SELECT purchases FROM member_stats WHERE member = $1", hongxia) == 1
    assert await points.verify() == []


async def test_points_lapse_and_the_entry_says_so(hongxia):
    account = await service.account_of(hongxia)
    await points.credit(account, hongxia, 100, reason="sorry, Hongxia", expires_at=None)
    await erasing.erase(hongxia)
    assert await entries_of(hongxia) == [("credit", 100, "erased"), ("debit", -100, "erased")]
    assert await points.available([account]) == 0


async def test_nobody_else_may_rewrite_the_words_of_an_entry(hongxia):
    await points.credit(await service.account_of(hongxia), hongxia, 100, reason="sorry", expires_at=None)
    with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
        await execute("UPDATE entry SET reason = 'erased'")


async def test_numbers_of_entries_stay_even_while_someone_is_erased(hongxia):
    await points.credit(await service.account_of(hongxia), hongxia, 100, reason="sorry", expires_at=None)

    async def work() -> None:
        await fetchval("SELECT set_config('tessera.erasing', 'on', true)")
        await execute("UPDATE entry SET reason = 'erased', amount = 1")

    with pytest.raises(asyncpg.RestrictViolationError):
        await in_transaction(work)


async def test_stored_value_is_paid_out_first(hongxia):
    account = await service.account_of(hongxia)
    await points.credit(account, hongxia, 500, reason="recharge", expires_at=None, unit="wallet.cny")
    with pytest.raises(HoldsValue) as refused:
        await erasing.erase(hongxia)
    assert refused.value.facts["units"] == ["wallet.cny"]
    assert await fetchval("SELECT name FROM member WHERE id = $1", hongxia) == NAME


async def test_a_return_after_the_erasure_is_still_possible(hongxia):
    sold = await sell(hongxia, 5000)
    await erasing.erase(hongxia)
    back = NewReturn(source="till", external_id="B1", purchase=sold.id, store="main", amount=5000)
    await purchases.record_return(back)
    assert await fetchval("SELECT returned FROM purchase WHERE id = $1", sold.id) == 5000


async def test_who_was_erased_is_not_there_any_more(hongxia, api):
    await erasing.erase(hongxia)
    assert (await api.get(f"/members/{hongxia}")).status_code == 404
    assert (await api.get("/members")).json()["items"] == []
    assert await service.search("余红霞") == []
    with pytest.raises(MemberUnknown):
        await erasing.erase(hongxia)


async def test_the_phone_is_free_for_whoever_has_it_now(hongxia, store):
    await erasing.erase(hongxia)
    await service.create_member(NewMember(name="Ben", phone=PHONE, store=store))


async def test_a_merge_with_someone_erased_is_never_undone(hongxia, store):
    other = await service.create_member(NewMember(name="余霞", store=store))
    merged = await merging.merge(hongxia, other, {})
    await erasing.erase(hongxia)
    with pytest.raises(merging.MergeUnknown):
        await merging.undo(merged.merge)
    assert await fetchval("SELECT count(*) FROM member WHERE erased_at IS NULL") == 0


@pytest.mark.parametrize("erased", ["survivor", "other"])
async def test_nothing_is_left_in_a_merge_that_was_undone(hongxia, store, erased):
    other = await service.create_member(NewMember(name="余霞", store=store))
    merged = await merging.merge(other, hongxia, {"name": "other"})
    await merging.undo(merged.merge)
    assert await fetchval("SELECT before IS NOT NULL FROM member_merge")
    await erasing.erase(hongxia if erased == "other" else other)
    assert await fetchval("SELECT before IS NULL AND kept = '{}' AND choices = '{}' FROM member_merge")


async def test_what_a_guardian_said_for_a_child_stays_without_the_guardian(hongxia, store):
    child = await service.create_member(NewMember(name="小小", store=store))
    await execute(
        "INSERT INTO consent (id, member, purpose, channel, state, source, wording, given_by, guardian, at) "
        "VALUES ($1, $2, 'marketing', 'sms', 'granted', 'desk', '', $3, $4, $5)",
        uuid7(),
        child,
        NAME,
        hongxia,
        clock.now(),
    )
    await erasing.erase(hongxia)
    row = (await fetch("SELECT state, given_by, guardian FROM consent WHERE member = $1", child))[0]
    assert tuple(row) == ("granted", "", None)


async def test_the_audit_and_the_events_name_the_row_and_not_the_person(hongxia):
    await erasing.erase(hongxia, "request")
    assert await fetchval("SELECT facts->>'reason' FROM audit WHERE action = 'members.erased'") == "request"
    assert await fetchval("SELECT payload FROM event WHERE kind = 'member.erased'") == {"reason": "request"}


async def test_words_of_a_reason_are_not_kept(hongxia):
    await erasing.erase(hongxia, f"{NAME} wrote to us")
    assert await fetchval("SELECT facts->>'reason' FROM audit WHERE action = 'members.erased'") == "other"


async def test_an_answer_that_told_of_the_person_is_not_given_again(api):
    body = {"name": "Hong Xia", "phone": PHONE}
    made = await api.post("/members", json=body, headers={"Idempotency-Key": "k1"})
    erased = await api.post(f"/members/{made.json()['id']}/erase", json={"reason": "request"})
    assert erased.status_code == 200
    again = await api.post("/members", json=body, headers={"Idempotency-Key": "k1"})
    assert again.status_code == 404
    assert again.json()["code"] == "member_unknown"
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_a_program_erases_without_a_body_because_the_person_asked(hongxia, api):
    assert (await api.post(f"/members/{hongxia}/erase")).status_code == 200
    assert await fetchval("SELECT facts->>'reason' FROM audit WHERE action = 'members.erased'") == "request"


async def test_what_is_written_at_that_very_moment_is_swept(hongxia):
    await erasing.erase(hongxia)
    await execute(
        "INSERT INTO stage_change (id, member, before, after, reason, actor, at) "
        "VALUES ($1, $2, 'new', 'lost', '{}', 'Lin', $3)",
        uuid7(),
        hongxia,
        clock.now(),
    )
    await erasing.sweep()
    assert await fetchval("SELECT count(*) FROM stage_change") == 0


async def test_of_two_at_once_one_erases(hongxia):
    done = await asyncio.gather(erasing.erase(hongxia), erasing.erase(hongxia), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["MemberUnknown", "UUID"]


async def test_a_sale_that_comes_meanwhile_is_whole_or_not_there(hongxia):
    done = await asyncio.gather(erasing.erase(hongxia), sell(hongxia, 100), return_exceptions=True)
    assert done[0] == hongxia or isinstance(done[0], MemberUnknown)
    assert await fetchval("SELECT name FROM member WHERE id = $1", hongxia) == ""


async def test_who_may_not_erase_is_refused_and_a_stranger_finds_nobody(hongxia, store, api_client):
    async with await api_client("members.read", "members.write") as client:
        refused = await client.post(f"/members/{hongxia}/erase", json={})
        assert refused.status_code == 403
    elsewhere = Actor("staff", "Bo", (Grant(("members.erase",), UUID(int=7)),))
    with acting_as(elsewhere), pytest.raises(MemberUnknown):
        await erasing.erase(hongxia)
