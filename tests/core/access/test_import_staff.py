"""Lists of staff: invitations instead of passwords, the same again changes nothing, and all of it can be taken back."""

from __future__ import annotations

import stat

import pytest
from core.access.conftest import PASSWORD

from tessera.access import service
from tessera.access.service import invitations
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Invalid
from tessera.members.imports import ImportInUse, ImportOptions, undo
from tessera.members.imports.staff import import_staff, write_links

LIST = """登录名,姓名,角色,门店,邮箱
wang.li,王丽,fitness.coach,main,wang@example.com
wang.li,王丽,cashier,main,
chen,陈明,店长,Main street,
olga,Olga,owner,,
"""


@pytest.fixture
def staff_list(tmp_path, store, system):
    path = tmp_path / "staff.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


async def test_each_row_gives_one_role_and_whoever_is_new_a_link(staff_list, store):
    report, links = await import_staff(staff_list)
    assert (report.created, report.updated, report.rejected) == (3, 1, 0)
    assert set(links) == {"wang.li", "chen", "olga"}
    assert set((await service.by_login("wang.li")).held) == {("fitness.coach", store), ("cashier", store)}
    assert (await service.by_login("olga")).held == (("owner", None),)
    assert (await invitations.accept(links["chen"][1], "chen", PASSWORD)).name == "陈明"


async def test_the_same_list_again_changes_nothing_and_makes_no_links(staff_list):
    await import_staff(staff_list)
    report, links = await import_staff(staff_list)
    assert (report.created, report.updated, report.unchanged, report.rejected) == (0, 0, 4, 0)
    assert links == {}


async def test_a_dry_run_says_the_same_and_leaves_nobody(staff_list):
    report, links = await import_staff(staff_list, options=ImportOptions(dry_run=True))
    assert (report.created, report.updated) == (3, 1)
    assert links == {}
    assert await fetchval("SELECT count(*) FROM staff") == 0


async def test_rows_that_cannot_be_taken_are_rejected_with_the_reason_and_without_their_values(tmp_path, store, system):
    path = tmp_path / "staff.csv"
    path.write_text(
        "login,name,role,store\na b,Ana,cashier,main\nben,Ben,wizard,main\ncas,Cas,cashier,moon\ndan,,cashier,main\n"
    )
    report, _links = await import_staff(path)
    reasons = [str(reason) for _line, reason in report.first_rejects]
    assert report.rejected == 4
    assert reasons[0].startswith("write a login")
    assert reasons[1].startswith("there is no such role: the roles are owner")
    assert reasons[2].startswith("there is no such store: the stores are main")
    assert reasons[3].startswith("give the name")
    assert not any(word in " ".join(reasons) for word in ("wizard", "moon"))


async def test_a_list_without_logins_is_refused_with_what_to_do(tmp_path, store, system):
    path = tmp_path / "staff.csv"
    path.write_text("name,role\nAna,cashier\n")
    with pytest.raises(Invalid, match="no column is recognised as login"):
        await import_staff(path)


async def test_an_import_is_taken_back_with_those_who_have_not_come(staff_list):
    report, _links = await import_staff(staff_list)
    undone = await undo(report.batch)
    assert (undone.removed, undone.restored) == (3, 1)
    assert await fetchval("SELECT count(*) FROM staff") == 0


async def test_an_import_is_not_taken_back_once_someone_has_come(staff_list):
    report, links = await import_staff(staff_list)
    await invitations.accept(links["chen"][1], "chen", PASSWORD)
    with pytest.raises(ImportInUse, match="1 of them have come already"):
        await undo(report.batch)


async def test_roles_that_an_import_added_to_those_who_were_there_are_taken_back(staff_list, hire, store):
    ben = await hire("chen", "cashier")
    report, _links = await import_staff(staff_list)
    assert set((await service.one(ben.id)).held) == {("cashier", store), ("manager", store)}
    await undo(report.batch)
    assert (await service.one(ben.id)).held == (("cashier", store),)
    assert (await service.one(ben.id)).name == "Chen"


async def test_the_file_of_links_is_readable_by_its_owner_alone(staff_list, tmp_path):
    _report, links = await import_staff(staff_list)
    write_links(tmp_path / "links.csv", links, "https://crm.example.com")
    assert stat.S_IMODE((tmp_path / "links.csv").stat().st_mode) == 0o600
    assert f"https://crm.example.com/join?code={links['olga'][1]}" in (tmp_path / "links.csv").read_text()
