"""Old ids and numbers lead to the survivor for ever, whoever asks and whatever is written."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from tessera.access.actor import system_actor
from tessera.kernel.database import fetch, fetchval
from tessera.members import service
from tessera.members.imports import ImportInUse, undo
from tessera.members.imports.people import import_members, matching
from tessera.members.service import merging, stages, tags
from tessera.messaging import service as messaging
from tessera.tasks import service as tasks

Write = Callable[[UUID], Awaitable[object]]

WRITES: dict[str, tuple[Write, str]] = {
    "a note": (lambda member: service.add_note(member, "likes tea"), "member_note"),
    "a consent": (
        lambda member: service.set_consent(member, "marketing", "email", "granted", source="desk"),
        "consent",
    ),
    "a tag": (lambda member: tags.tag_members([member], ["regular"], []), "member_tag"),
    "a task": (lambda member: tasks.open_task("call", "Call them", member=member), "task"),
    "a message": (lambda member: messaging.consider(member, "dummy.hello"), "message"),
    "a stage": (lambda member: stages.move_stage(member, "active"), "stage_change"),
    "a phone": (lambda member: service.add_identity(member, "phone", "13800138009"), "identity"),
}


@pytest.mark.parametrize(("write", "table"), WRITES.values(), ids=WRITES)
async def test_what_is_written_about_an_old_id_is_the_survivors(member, write, table):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    await write(double)
    assert [row["member"] for row in await fetch(f"SELECT member FROM {table}")] == [ana]


@pytest.mark.parametrize(("write", "table"), WRITES.values(), ids=WRITES)
async def test_what_is_written_during_a_merge_is_the_survivors(member, write, table):
    ana, double = await member("Ana"), await member("Ana")
    await asyncio.gather(merging.merge(ana, double), write(double))
    rows = await fetch(f"SELECT DISTINCT member FROM {table}")
    owners = {row["member"] for row in rows}
    assert ana in owners
    assert owners <= ({ana, double} if table == "consent" else {ana})


async def test_an_old_number_is_looked_up_as_the_survivor(member):
    one, two, three = await member("Ana"), await member("Ana"), await member("Ana")
    number = await fetchval("SELECT number FROM member WHERE id = $1", one)
    await merging.merge(two, one)
    await merging.merge(three, two)
    assert await service.lookup(f"number:{number}") == three


async def test_history_tells_what_happened_under_every_id(member):
    from tessera.desk.timeline import timeline

    one, two, three = await member("Ana"), await member("Ana"), await member("Ana")
    await service.add_note(one, "likes tea")
    await merging.merge(two, one)
    await merging.merge(three, two)
    kinds = [line.kind for line in (await timeline(one)).lines]
    assert (kinds.count("member.created"), kinds.count("member.note_added"), kinds.count("member.merged")) == (3, 1, 1)


async def test_an_import_whose_members_were_merged_is_not_taken_back(store, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("姓名,手机号\nAna,13800138001\nAnita,13800138002\n", encoding="utf-8")
    done = await import_members(path)
    ana, double = [row["id"] for row in await fetch("SELECT id FROM member ORDER BY number")]
    await merging.merge(ana, double)
    with pytest.raises(ImportInUse):
        await undo(done.batch)
    again = await import_members(path)
    assert (again.created, await fetchval("SELECT count(*) FROM member")) == (0, 2)


def merged_before_locking(monkeypatch, module, survivor: UUID, other: UUID) -> None:
    """Let someone else merge two members after a list's rows were looked up and before the members are held."""
    rest = [lambda: merging.merge(survivor, other)]

    async def elsewhere(merge: Callable[[], Awaitable[object]]) -> None:
        with system_actor():
            await merge()

    async def later(query: str, *args: object) -> object:
        for merge in (rest.pop(),) if query == module._LOCKED and rest else ():
            await asyncio.get_running_loop().create_task(elsewhere(merge), context=contextvars.Context())
        return await fetch(query, *args)

    monkeypatch.setattr(module, "fetch", later)


async def test_a_list_that_is_read_during_a_merge_means_the_survivor(member, tmp_path, monkeypatch):
    ana, double = await member("Ana", phone="13800138001"), await member("Ana", phone="13800138002")
    path = tmp_path / "list.csv"
    path.write_text("姓名,手机号,邮箱,备注\nAna,13800138002,ana@example.com,likes tea\n", encoding="utf-8")
    merged_before_locking(monkeypatch, matching, ana, double)
    done = await import_members(path)
    owners = await fetch("SELECT member FROM identity UNION SELECT member FROM member_note")
    assert (done.updated, {row["member"] for row in owners}) == (1, {ana})
