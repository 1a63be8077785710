"""Importing any list again changes nothing, however often it names someone; undoing it leaves nothing."""

import csv
from pathlib import Path

import pytest
from core.members.test_import import contents, counts
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.kernel.database import execute, fetchval
from tessera.members.imports import undo
from tessera.members.imports.people import import_members

COLUMNS = ("姓名", "手机号", "邮箱", "生日", "会员卡号", "地址", "短信授权", "备注")
ROW = st.tuples(
    st.sampled_from(["王伟", "王 伟", "李雷", "Ana", "ANA", ""]),
    st.sampled_from(["13800138000", "+86 13800138000", "13900139001", "1.39E+10", ""]),
    st.sampled_from(["ana@example.com", "Ana@Example.com", "wei@example.com", ""]),
    st.sampled_from(["1990-01-01", "1991-02-02", "01-01", "1990-02-30", ""]),
    st.sampled_from(["C1", "C2", ""]),
    st.sampled_from(["长宁路1号", "淮海路2号", ""]),
    st.sampled_from(["同意", "不同意", ""]),
    st.sampled_from(["怕冷", "VIP", ""]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("lists")


def written(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    path = folder / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


async def forget() -> None:
    """No members and no imports, the business as it is."""
    await execute(
        "TRUNCATE member, account, identity, contact, consent, member_note, member_store, member_token, "
        "import_batch, import_row, event CASCADE"
    )


@given(rows=st.lists(ROW, min_size=1, max_size=7))
async def test_a_list_imported_again_changes_nothing_and_undone_leaves_nothing(store, folder, rows):
    await forget()
    path = written(folder, rows)
    first = await import_members(path)
    assert first.read == first.created + first.updated + first.unchanged + first.rejected
    assert first.created == await fetchval("SELECT count(*) FROM member")
    before = await contents()
    again = await import_members(path)
    assert counts(again) == (first.read, 0, 0, first.read - first.rejected, first.rejected)
    assert await contents() == before
    await undo(first.batch)
    assert await fetchval("SELECT count(*) FROM member") == 0


@settings(max_examples=15)
@given(old=st.lists(ROW, min_size=1, max_size=4), new=st.lists(ROW, min_size=1, max_size=4))
async def test_undoing_a_second_list_leaves_the_first(store, folder, old, new):
    await forget()
    await import_members(written(folder, old))
    before = await contents()
    second = await import_members(written(folder, new), source="second")
    await undo(second.batch)
    assert await contents() == before
