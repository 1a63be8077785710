"""Tags, links, consents, own fields and all that hangs on a member follow a merge and come back."""

from __future__ import annotations

from uuid import UUID

import pytest

from tessera.access import service as access
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.service import erasing, merging, tags


async def linked(member: UUID, other: UUID | None, kind: str, label: str = "") -> UUID:
    id_ = uuid7()
    await execute(
        "INSERT INTO member_link (id, member, other, kind, label, actor, created_at) "
        "VALUES ($1, $2, $3, $4, $5, '', now())",
        id_, member, other, kind, label,
    )  # fmt: skip
    return id_


async def links() -> list[tuple[object, ...]]:
    rows = await fetch("SELECT member, other, kind, label FROM member_link ORDER BY kind, label, member, other")
    return [tuple(row) for row in rows]


async def words_of(member: UUID) -> list[str]:
    rows = await fetch(
        "SELECT t.name FROM member_tag m JOIN tag t ON t.id = m.tag WHERE m.member = $1 ORDER BY t.name", member
    )
    return [row["name"] for row in rows]


async def test_a_merge_drops_no_company_links(member):
    ana, double, firm = await member("Ana"), await member("Ana"), await member("Harbour Ltd")
    await linked(double, firm, "employer")
    await linked(double, None, "employer", "Pier Ltd")
    before = await links()
    done = await merging.merge(ana, double)
    merged = await links()
    await merging.undo(done.merge)
    assert merged == [(ana, firm, "employer", ""), (ana, None, "employer", "Pier Ltd")]
    assert await links() == before


async def test_a_link_between_the_two_goes_and_comes_back(member):
    ana, double = await member("Ana"), await member("Ana")
    await linked(ana, double, "household")
    before = await links()
    done = await merging.merge(ana, double)
    merged = await links()
    await merging.undo(done.merge)
    assert (merged, await links()) == ([], before)


async def test_a_link_that_both_have_is_one_and_two_again(member):
    ana, double, child = await member("Ana"), await member("Ana"), await member("Mia")
    await linked(child, ana, "guardian")
    await linked(child, double, "guardian")
    before = await links()
    done = await merging.merge(ana, double)
    merged = await links()
    await merging.undo(done.merge)
    assert (merged, await links()) == ([(child, ana, "guardian", "")], before)


async def test_a_link_that_comes_back_leads_to_who_its_end_is_today(member):
    ana, double, mother, again = [await member(name) for name in ("Ana", "Ana", "Mei", "Mei")]
    await linked(ana, mother, "guardian")
    await linked(double, mother, "guardian")
    done = await merging.merge(ana, double)
    await merging.merge(again, mother)
    await merging.undo(done.merge)
    assert await links() == [(ana, again, "guardian", ""), (double, again, "guardian", "")]


async def test_no_link_comes_back_to_someone_who_was_erased(member):
    ana, double, mother = [await member(name) for name in ("Ana", "Ana", "Mei")]
    await linked(ana, mother, "guardian", "mother")
    await linked(double, mother, "guardian", "mother")
    done = await merging.merge(ana, double)
    await erasing.erase(mother)
    await merging.undo(done.merge)
    assert await links() == []


async def test_tags_of_both_are_the_survivors_and_go_back(member):
    ana, double = await member("Ana"), await member("Ana")
    await tags.tag_members([ana, double], ["regular"], [])
    await tags.tag_members([double], ["pool"], [])
    done = await merging.merge(ana, double)
    merged = await words_of(ana), await words_of(double)
    await tags.tag_members([ana], ["late"], [])
    await merging.undo(done.merge)
    assert merged == (["pool", "regular"], [])
    assert (await words_of(ana), await words_of(double)) == (["late", "regular"], ["pool", "regular"])


async def test_a_tag_that_was_taken_off_since_is_listed_and_not_given_again(member):
    ana, double = await member("Ana"), await member("Ana")
    await tags.tag_members([double], ["pool"], [])
    done = await merging.merge(ana, double)
    await tags.tag_members([ana], [], ["pool"])
    undone = await merging.undo(done.merge)
    assert (await words_of(double), len(undone.stayed)) == ([], 1)


@pytest.mark.parametrize(
    ("mine", "its", "after"),
    [
        ("granted", "refused", "refused"),
        ("refused", "granted", "refused"),
        (None, "granted", "granted"),
        (None, "refused", "refused"),
    ],
)
async def test_the_stricter_word_stands_and_both_have_their_own_again(member, mine, its, after):
    ana, double = await member("Ana"), await member("Ana")
    for one, word in ((ana, mine), (double, its)):
        await _say(one, word)
    done = await merging.merge(ana, double)
    merged = await service.consent_state(ana, "marketing", "email")
    words = await fetchval("SELECT count(*) FROM consent_word WHERE member = $1", ana)
    await merging.undo(done.merge)
    own = [await service.consent_state(one, "marketing", "email") for one in (ana, double)]
    assert (merged, words) == (after, 1 + (mine is not None))
    assert own == [mine or "never_asked", its]


async def _say(member: UUID, word: str | None) -> None:
    for state in [word] if word else []:
        await service.set_consent(member, "marketing", "email", state, source="desk")


async def test_what_the_survivor_says_after_a_merge_stays(member):
    ana, double = await member("Ana"), await member("Ana")
    await _say(double, "refused")
    done = await merging.merge(ana, double)
    await _say(ana, "granted")
    await merging.undo(done.merge)
    own = [await service.consent_state(one, "marketing", "email") for one in (ana, double)]
    assert own == ["granted", "refused"]


async def test_notes_of_both_are_told_and_go_back(member):
    ana, double = await member("Ana"), await member("Ana")
    await service.add_note(ana, "likes tea")
    await service.add_note(double, "likes tea")
    await service.add_note(double, "comes on Mondays")
    done = await merging.merge(ana, double)
    merged = {note.text for note in await service.notes_of(ana)}
    await merging.undo(done.merge)
    assert merged == {"likes tea", "comes on Mondays"}
    assert {note.text for note in await service.notes_of(double)} == {"likes tea", "comes on Mondays"}


async def test_a_note_about_the_old_id_is_the_survivors(member):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    await service.add_note(double, "likes tea")
    assert [note.text for note in await service.notes_of(double)] == ["likes tea"]
    assert await fetchval("SELECT member FROM member_note") == ana


async def test_whoever_was_known_in_another_store_is_known_there(member):
    there = (await access.add_store("pier", name="Pier")).id
    ana, double = await member("Ana"), await member("Ana")
    await execute("INSERT INTO member_store (member, store) VALUES ($1, $2)", double, there)
    done = await merging.merge(ana, double)
    merged = await fetchval("SELECT count(*) FROM member_store WHERE member = $1", ana)
    await merging.undo(done.merge)
    stores = [await fetchval("SELECT count(*) FROM member_store WHERE member = $1", one) for one in (ana, double)]
    assert (merged, stores) == (2, [1, 2])


async def test_own_fields_are_chosen_one_by_one(member):
    size, shoe = uuid7(), uuid7()
    for id_, code in ((size, "size"), (shoe, "shoe")):
        await execute(
            "INSERT INTO custom_field (id, code, kind, label, choices, place, created_at) "
            "VALUES ($1, $2, 'text', '{}', '[]', 1, now())", id_, code,
        )  # fmt: skip
    ana, double = await member("Ana"), await member("Ana")
    put = "INSERT INTO member_custom (member, field, value) VALUES ($1, $2, $3::jsonb)"
    for one, field, value in ((ana, size, '"M"'), (double, size, '"L"'), (double, shoe, '"38"')):
        await execute(put, one, field, value)
    done = await merging.merge(ana, double, {"custom:size": "other"})
    rows = "SELECT value FROM member_custom WHERE member = $1 ORDER BY value"
    merged = [row["value"] for row in await fetch(rows, ana)]
    await merging.undo(done.merge)
    after = [[row["value"] for row in await fetch(rows, one)] for one in (ana, double)]
    assert (merged, after) == (["38", "L"], [["M"], ["38", "L"]])
