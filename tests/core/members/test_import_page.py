"""A list is brought on a page: read, shown masked, checked, imported in the background, gone on with, taken back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest
import xlsxwriter
from signed_in import TOKEN, owner  # noqa: F401 - a fixture

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel import clock, jobs, long_jobs
from tessera.kernel.database import execute, fetchrow, fetchval
from tessera.kernel.errors import CannotRun, Forbidden, TooLarge
from tessera.members import service
from tessera.members.imports import preview, uploads, working
from tessera.members.service import NewMember

LIST = "姓名,手机,生日,门店号\n王伟,138 0013 8000,1990年5月4日,A\n李娜,1.38E+10,1991-01-02,A\n"


@pytest.fixture
async def queue(store, database_server, database_config, plugin_host, monkeypatch):
    """Where pages put background work; nobody works at it unless a test does."""
    monkeypatch.setitem(plugin_host._declared, "jobs", [])
    monkeypatch.setattr(jobs, "GRACE", 0)
    long_jobs.use_queue(database_server.dsn(quote(str(database_config["database"]))))
    async with long_jobs.connected_queue() as opened:
        yield opened


async def sent(client, page: str, target: str = "", file: bytes | None = None, name: str = "list.csv", **values: str):
    """Fill in the form of a page and post it, perhaps with a file."""
    token = TOKEN.search((await client.get(page)).text).group(1)
    files = {"file": (name, file)} if file is not None else None
    return await client.post(target or page, data={"_csrf": token, **values}, files=files)


async def brought(client, content: bytes, name: str = "list.csv") -> str:
    """Bring a list and answer the address of its page."""
    answer = await sent(client, "/members/import", file=content, name=name)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def worked(url: str) -> dict:
    """Do what a list is waiting for, as a worker would; answers its report."""
    id_ = UUID(url.rsplit("/", 1)[1])
    row = await fetchrow("SELECT progress FROM import_upload WHERE id = $1", id_)
    await working.run(row["progress"], upload=str(id_))
    return await fetchval("SELECT report FROM import_upload WHERE id = $1", id_)


def counts(report: dict) -> tuple[int, int, int, int, int]:
    return tuple(report[name] for name in ("read", "created", "updated", "unchanged", "rejected"))


async def test_a_list_is_shown_as_it_will_be_read_before_anything_is_imported(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode("gb18030"))
    page = (await owner.get(url)).text
    assert "王伟" in page
    assert "1990-05-04" in page
    assert "a spreadsheet has rounded this number" in page
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_no_whole_phone_stands_on_the_page(owner, queue):  # noqa: F811
    page = (await owner.get(await brought(owner, LIST.encode()))).text
    assert "13800138000" not in page.replace(" ", "")
    assert "138****8000" in page


async def test_a_list_is_checked_then_imported_then_taken_back(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    assert (await sent(owner, url, do="check", source="till", store="main")).status_code == 303
    assert counts(await worked(url)) == (2, 1, 0, 0, 1)
    assert await fetchval("SELECT count(*) FROM member") == 0
    await sent(owner, url, do="import", source="till", store="main")
    assert counts(await worked(url)) == (2, 1, 0, 0, 1)
    assert await service.find_by_identity("phone:13800138000") is not None
    page = (await owner.get(url)).text
    assert "line 3" in page
    assert "Take this import back" in page
    await sent(owner, url, f"{url}/undo")
    assert (await worked(url))["removed"] == 1
    assert "Taken back: 1 removed" in (await owner.get(url)).text


async def test_rejected_rows_come_back_as_a_file_that_can_be_brought_again(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    await sent(owner, url, do="import", source="till", store="main")
    await worked(url)
    rejects = await owner.get(f"{url}/rejects")
    assert rejects.headers["content-disposition"].startswith("attachment")
    again = await brought(owner, rejects.content.replace(b"1.38E+10", b"13900139000"), "rejects.csv")
    await sent(owner, again, do="import", source="till", store="main")
    assert counts(await worked(again)) == (1, 1, 0, 0, 0)


async def test_what_columns_mean_is_changed_and_remembered_for_the_next_list_alike(owner, queue):  # noqa: F811
    content = "Wer,Handy\n王伟,13800138000\n".encode()
    url = await brought(owner, content)
    refused = await sent(owner, url, do="show", source="till")
    assert refused.status_code == 422
    await sent(owner, url, do="show", source="till", **{"column-0": "name", "column-1": "phone"})
    again = await brought(owner, content.replace(b"8000", b"8001"))
    row = await fetchrow("SELECT mapping, source FROM import_upload WHERE id = $1", UUID(again.rsplit("/", 1)[1]))
    assert row["mapping"] == {"Wer": "name", "Handy": "phone"}
    assert row["source"] == "till"


async def test_two_columns_cannot_be_the_same_field(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    refused = await sent(owner, url, do="show", source="till", **{"column-3": "birthday"})
    assert refused.status_code == 422
    assert "cannot both be the same field" in refused.text


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "empty.csv", "empty.csv is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "members.csv", "is a PNG picture, not a table"),
        (b"PK\x03\x04" + bytes(100), "list.xlsx", "list.xlsx is"),
        (b"a,a\n1,2\n", "twice.csv", "names two columns a"),
    ],
)
async def test_what_is_no_table_is_refused_with_a_sentence(owner, queue, content, name, sentence):  # noqa: F811
    answer = await sent(owner, "/members/import", file=content, name=name)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await fetchval("SELECT count(*) FROM stored_file") == 0


async def test_a_page_without_a_file_says_so(owner, queue):  # noqa: F811
    answer = await sent(owner, "/members/import")
    assert answer.status_code == 422
    assert "choose a file first" in answer.text


async def test_a_workbook_is_brought_as_well(owner, queue, tmp_path):  # noqa: F811
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "手机号"])
        sheet.write_row(1, 0, ["王伟", 13800138000])
    url = await brought(owner, (tmp_path / "list.xlsx").read_bytes(), "list.xlsx")
    await sent(owner, url, do="import", source="till", store="main")
    assert counts(await worked(url)) == (1, 1, 0, 0, 0)


async def test_the_file_lies_sealed_and_goes_some_days_after(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    stored = await fetchrow("SELECT sealed, content FROM stored_file")
    assert stored["sealed"]
    assert "王伟".encode() not in stored["content"]
    await uploads.purge()
    assert await fetchval("SELECT count(*) FROM stored_file") == 1
    await execute("UPDATE import_upload SET beat_at = $1", clock.now() - uploads.KEPT - timedelta(hours=1))
    await uploads.purge()
    assert await fetchval("SELECT count(*) FROM stored_file") == 0
    assert "The file was taken away" in (await owner.get(url)).text


async def test_a_list_that_is_not_wanted_is_taken_away_at_once(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    assert (await sent(owner, url, f"{url}/discard")).status_code == 303
    assert await fetchval("SELECT count(*) FROM stored_file") == 0
    assert (await owner.get(url)).status_code == 404


async def test_two_taps_begin_one_import(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    taps = [sent(owner, url, do="import", source="till", store="main") for _tap in range(2)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*taps))
    assert statuses == [303, 409]
    assert await fetchval("SELECT count(*) FROM progress") == 1


async def test_the_same_list_brought_twice_at_once_is_imported_once(owner, queue):  # noqa: F811
    rows = "".join(f"王伟{n},13{n:09d}\n" for n in range(2500))
    urls = [await brought(owner, f"姓名,手机\n{rows}".encode()) for _time in range(2)]
    for url in urls:
        await sent(owner, url, do="import", source="till", store="main")
    await asyncio.gather(*(worked(url) for url in urls))
    assert await fetchval("SELECT count(*) FROM member") == 2500
    reports = [await fetchval("SELECT report FROM import_upload WHERE id = $1", UUID(u[-36:])) for u in urls]
    assert sorted(bool(report.get("problem")) for report in reports) == [False, True]


async def test_lost_work_is_gone_on_with_where_it_stopped(owner, queue, monkeypatch):  # noqa: F811
    rows = "".join(f"王伟{n},13{n:09d}\n" for n in range(2500))
    url = await brought(owner, f"姓名,手机\n{rows}".encode())
    await sent(owner, url, do="import", source="till", store="main")
    real, calls = working.import_members, []

    async def killed(*args, progress, **more):
        def stop(step):
            calls.append(step)
            raise asyncio.CancelledError

        return await real(*args, progress=stop, **more)

    monkeypatch.setattr(working, "import_members", killed)
    with pytest.raises(asyncio.CancelledError):
        await worked(url)
    monkeypatch.setattr(working, "import_members", real)
    assert await fetchval("SELECT count(*) FROM member") == 1000
    assert "Go on" not in (await owner.get(f"{url}/progress")).text
    await execute("UPDATE import_upload SET beat_at = $1", clock.now() - working.LOST * 2)
    assert "Go on" in (await owner.get(url)).text
    assert (await sent(owner, url, f"{url}/go-on")).status_code == 303
    report = await worked(url)
    assert (report["resumed_at"], *counts(report)) == (1000, 2500, 2500, 0, 0, 0)


async def test_a_worker_takes_the_list_up_and_the_page_follows(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    await sent(owner, url, do="import", source="till", store="main")
    polled = await owner.get(f"{url}/progress", headers={"HX-Request": "true"})
    assert "hx-trigger" in polled.text
    worker = jobs.make_worker(queue, 1)
    worker.SIGNALS = []
    running = asyncio.create_task(worker.start())
    async with asyncio.timeout(15):
        while await fetchval("SELECT state FROM import_upload") == "working":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await worker.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await fetchval("SELECT count(*) FROM member") == 1
    ended = await owner.get(f"{url}/progress", headers={"HX-Request": "true"})
    assert ended.headers["HX-Redirect"] == url


async def test_imports_and_checks_are_audited_with_their_counts(owner, queue):  # noqa: F811
    url = await brought(owner, LIST.encode())
    for do in ("check", "import"):
        await sent(owner, url, do=do, source="till", store="main")
        await worked(url)
    assert await fetchval("SELECT rows FROM audit WHERE action = 'import.rehearsed'") == 2
    noted = await fetchrow("SELECT rows, actor_kind, facts FROM audit WHERE action = 'import.finished'")
    assert (noted["rows"], noted["actor_kind"], noted["facts"]["rejected"]) == (2, "staff", 1)


IMPORTER = ("members.read", "members.write", "members.import", "members.reveal")


@pytest.fixture
async def scoped(store):
    """Someone who imports in the first store only, beside a second one."""
    other = (await access.add_store("xh", name="Xuhui")).id
    made = await access.add_staff("lin", "Lin", "three quiet lanterns", role_code="manager", store_code="main")
    someone = Actor("staff", "Lin", (Grant(IMPORTER, store),), staff_id=made.id, store=store)
    return someone, store, other


async def imported(someone: Actor, content: str) -> dict:
    with acting_as(someone):
        id_ = await uploads.bring(content.encode(), "list.csv")
        row = await uploads.upload(id_)
        await uploads.choose(id_, row["mapping"], "till", someone.store)
        await working.begin(id_, "import")
    return await worked(str(f"/{id_}"))


async def test_who_works_in_one_store_imports_into_it_alone(scoped, queue):
    someone, store, _other = scoped
    report = await imported(someone, "姓名,手机,门店\n王伟,13800138000,main\n李娜,13800138001,xh\n张静,13800138002,\n")
    assert counts(report) == (3, 2, 0, 0, 1)
    assert [reason["source"] for _line, reason in report["first"]] == ["{column}: {reason}"]
    assert await fetchval("SELECT count(*) FROM member_store WHERE store = $1", store) == 2


async def test_a_list_does_not_tell_what_stores_another_circle_has(scoped, queue):
    someone, _store, _other = scoped
    await access.add_store("cl", name="Quiet Clinic", circle="clinic")
    report = await imported(someone, "姓名,手机,门店\n王伟,13800138000,Quiet Clinic\n李娜,13800138001,No Clinic\n")
    reasons = [msgspec.json.encode(reason).decode().replace("quiet", "no") for _line, reason in report["first"]]
    assert len(reasons) == 2
    assert reasons[0] == reasons[1]


async def test_a_member_of_another_store_is_not_changed_by_a_list(scoped, queue):
    someone, _store, other = scoped
    ana = await service.create_member(NewMember(name="Ana", phone="13800138000", store=other))
    number = (await service.member(ana)).number
    report = await imported(someone, f"姓名,手机,地址,会员号\nAna,13800138000,Street 1,\nAnna,,,{number}\n")
    assert counts(report) == (2, 0, 0, 0, 2)
    assert (await service.member(ana)).address is None


async def test_the_lists_of_others_are_not_there(scoped, queue):
    someone, store, _other = scoped
    with acting_as(someone):
        id_ = await uploads.bring(LIST.encode(), "list.csv")
    stranger = Actor("staff", "Kim", (Grant(IMPORTER, store),), staff_id=UUID(int=7), store=store)
    with acting_as(stranger), pytest.raises(uploads.UploadUnknown):
        await uploads.upload(id_)


async def test_whoever_may_not_see_values_may_not_import(scoped, queue):
    someone, store, _other = scoped
    blind = Actor("staff", "Lin", (Grant(IMPORTER[:3], store),), staff_id=someone.staff_id, store=store)
    with acting_as(blind):
        id_ = await uploads.bring(LIST.encode(), "list.csv")
        with pytest.raises(Forbidden):
            await working.begin(id_, "check")


async def test_whoever_has_left_imports_nothing_any_more(scoped, queue):
    someone, _store, _other = scoped
    with acting_as(someone):
        id_ = await uploads.bring(LIST.encode(), "list.csv")
        await working.begin(id_, "import")
    await execute("UPDATE staff SET active = false WHERE id = $1", someone.staff_id)
    report = await worked(f"/{id_}")
    assert "does not work here any more" in report["problem"]["source"]
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_a_list_that_is_too_large_is_left_to_the_command(store):
    with pytest.raises(TooLarge, match="tessera import members FILE"):
        await uploads.bring(b"x" * (20 * 2**20 + 1), "list.csv")


async def test_a_list_may_name_members_by_number(store, tmp_path):
    ana = await service.create_member(NewMember(name="Ana"))
    number = (await service.member(ana)).number
    from tessera.members.imports.people import import_members

    (tmp_path / "list.csv").write_text(f"Member number,Name,E-mail\n{number},Ana,ana@example.com\n99990,Ben,\n")
    report = await import_members(tmp_path / "list.csv")
    assert (report.updated, report.rejected) == (1, 1)
    assert (await service.member(ana)).email == "ana@example.com"
    assert "no member has this number" in str(report.first_rejects[0][1])


@pytest.mark.parametrize(
    ("field", "text", "shown"),
    [
        ("name", "王伟", "王伟"),
        ("phone", "13800138000", "13********0"),
        ("ignore", "13800138000", "13********0"),
        ("ignore", "yes", "yes"),
        ("email", "ana@example.com", "a***@example.com"),
        ("birthday", "1990-05-04", "1990******"),
        ("card", "C001", "****"),
    ],
)
def test_samples_are_masked_unless_they_reach_nobody(field, text, shown):
    assert preview.masked_sample(field, text) == shown


def test_every_field_that_a_column_may_be_is_called_something(store):
    assert all(str(title) and str(title) != field for field, title in preview.choices())


async def test_an_unknown_field_is_refused(store):
    id_ = await uploads.bring(LIST.encode(), "list.csv")
    with pytest.raises(CannotRun, match="no field"):
        await uploads.choose(id_, {"姓名": "nam"}, "till", store)
