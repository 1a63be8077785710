"""Files about members: told by their content, drawn anew, sealed when sensitive, given so that they stay files."""

from __future__ import annotations

import asyncio
import io
import zipfile
from uuid import UUID

import pytest
from PIL import Image

from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Forbidden, TooLarge
from tessera.kernel.file_kinds import KindRefused
from tessera.kernel.pictures import Unreadable, redraw
from tessera.kernel.pictures.messages import PictureLimits
from tessera.members import service
from tessera.members.service import MemberUnknown, NewMember, attachments
from tessera.members.service.attachments import (
    AttachmentUnknown,
    attach,
    attachments_of,
    detach,
    largest,
    read_attachment,
)

HTML = b"<!doctype html><script>alert(1)</script>"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 30), **options) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind, **options)
    return made.getvalue()


def with_place() -> bytes:
    """A picture that says where, when and how it was taken, lying on its side."""
    exif = Image.Exif()
    exif[0x0110] = "Camera 7"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (31.0, 12.0, 1.0)
    return picture(exif=exif)


def office(part: str, *more: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("[Content_Types].xml", part, *more):
            archive.writestr(zipfile.ZipInfo(name), "<x/>")  # of one date: these bytes are names of tests
    return made.getvalue()


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await service.create_member(NewMember(name="Ana", store=store))


async def test_a_picture_loses_place_time_and_camera_and_stands_upright(ana):
    added = await attach(ana, with_place(), name="IMG_1.JPG")
    kept = Image.open(io.BytesIO((await read_attachment(ana, added)).content))
    assert dict(kept.getexif()) == {}
    assert "exif" not in kept.info
    assert kept.size == (30, 60)


async def test_words_inside_a_picture_are_gone(ana):
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Comment", "lives at No. 5")
    added = await attach(ana, picture("PNG", pnginfo=words), name="a.png")
    assert b"lives at" not in (await read_attachment(ana, added)).content


async def test_an_animation_becomes_its_first_frame(ana):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    made = io.BytesIO()
    frames[0].save(made, "WEBP", save_all=True, append_images=frames[1:])
    added = await attach(ana, made.getvalue(), name="a.webp")
    kept = Image.open(io.BytesIO((await read_attachment(ana, added)).content))
    assert getattr(kept, "n_frames", 1) == 1


async def test_a_list_has_a_small_picture(ana):
    added = await attach(ana, picture(size=(900, 600)), name="a.jpg")
    small = Image.open(io.BytesIO((await read_attachment(ana, added, small=True)).content))
    assert max(small.size) == 320


async def test_a_bomb_costs_its_upload_and_nothing_else(ana):
    made = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    with pytest.raises(Unreadable, match="too many pixels"):
        await attach(ana, made.getvalue(), name="a.png")


async def test_a_picture_that_needs_more_than_it_may_is_refused():
    with pytest.raises(Unreadable):
        await redraw(picture("PNG", size=(6000, 6000)), PictureLimits(memory=160 << 20))


async def test_a_damaged_picture_is_refused(ana):
    with pytest.raises(Unreadable, match="cannot be read"):
        await attach(ana, picture()[:60], name="a.jpg")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (HTML, "page.html"),
        (HTML, "notes.txt"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "logo.svg"),
        (b"  \n<?xml version='1.0'?><svg/>", "list.csv"),
        (b"MZ\x90\x00", "a.jpg"),
        (b"\x00\x00", "a.txt"),
        (b"plain words", "words.exe"),
        (office("evil.txt"), "a.docx"),
        (office("word/document.xml", "word/vbaProject.bin"), "a.docx"),
        (b"GIF89a", "a.gif"),
        (b"\x00\x00\x00\x18ftypheic", "a.heic"),
    ],
)
async def test_what_is_not_on_the_list_is_refused_whatever_it_is_called(ana, content, name):
    with pytest.raises(KindRefused):
        await attach(ana, content, name=name)
    assert await attachments_of(ana) == []


@pytest.mark.parametrize(
    ("content", "name", "kept", "media_type"),
    [
        (b"%PDF-1.7 ...", "scan.pdf", "scan.pdf", "application/pdf"),
        (b"%PDF-1.7 ...", "../../etc/scan.exe", "scan.exe.pdf", "application/pdf"),
        ("姓名,手机".encode("gb18030"), "名单.csv", "名单.csv", "text/csv"),
        (b"words", "words.TXT", "words.txt", "text/plain"),
        (
            office("word/document.xml"),
            "a.docx",
            "a.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
async def test_documents_are_known_by_their_content(ana, content, name, kept, media_type):
    added = await attach(ana, content, name=name)
    file = await read_attachment(ana, added)
    assert (file.name, file.media_type, file.content) == (kept, media_type, content)


async def test_a_file_beyond_the_limit_is_refused(ana):
    with pytest.raises(TooLarge):
        await attach(ana, b"%PDF-" + bytes(largest()), name="a.pdf")


async def test_a_sensitive_file_is_unreadable_at_rest_and_has_no_small_picture(ana):
    content = b"%PDF-1.7 the diagnosis"
    added = await attach(ana, content, name="a.pdf", sensitive=True)
    rows = await fetch("SELECT content FROM stored_file")
    assert [b"diagnosis" in bytes(row["content"]) for row in rows] == [False]
    assert (await read_attachment(ana, added)).content == content
    with pytest.raises(AttachmentUnknown):
        await read_attachment(ana, added, small=True)


async def test_a_sensitive_file_needs_the_right_to_reveal_and_each_look_is_audited(ana, store, as_cashier):
    added = await attach(ana, b"%PDF-1.7", name="a.pdf", sensitive=True)
    with as_cashier(store), pytest.raises(Forbidden):
        await read_attachment(ana, added)
    with as_cashier(store, also=("members.reveal",)):
        await read_attachment(ana, added)
        await read_attachment(ana, added)
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.revealed' AND subject = $1", added) == 2


async def test_another_stores_files_do_not_exist(ana, store):
    added = await attach(ana, b"%PDF-1.7", name="a.pdf")
    stranger = Actor("staff", "Bo", (Grant(("members.read",), UUID(int=7)),))
    with acting_as(stranger), pytest.raises(MemberUnknown):
        await read_attachment(ana, added)


async def test_a_file_of_one_member_is_not_given_as_anothers(ana, store):
    added = await attach(ana, b"%PDF-1.7", name="a.pdf")
    ben = await service.create_member(NewMember(name="Ben", store=store))
    with pytest.raises(AttachmentUnknown):
        await read_attachment(ben, added)


async def test_what_is_taken_away_is_gone_with_its_bytes(ana):
    added = await attach(ana, picture(), name="a.jpg")
    await detach(ana, added)
    assert await fetchval("SELECT count(*) FROM stored_file") == 0
    with pytest.raises(AttachmentUnknown):
        await detach(ana, added)


async def test_a_program_sends_reads_and_removes_a_file(api, ana):
    made = await api.post(f"/members/{ana}/attachments", files={"file": ("a.jpg", picture(), "image/jpeg")})
    assert made.status_code == 201, made.text
    said = made.json()
    assert (said["kind"], said["media_type"], said["title"]) == ("picture", "image/jpeg", "a.jpg")
    got = await api.get(f"http://test{said['url']}")
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["cache-control"] == "private, no-store"
    assert got.headers["content-disposition"].startswith("inline")
    assert (await api.delete(f"http://test{said['url']}")).status_code == 204
    assert (await api.get(f"/members/{ana}/attachments")).json()["items"] == []


async def test_a_document_is_saved_and_never_shown(api, ana):
    made = await api.post(f"/members/{ana}/attachments", files={"file": ("报告.pdf", b"%PDF-1.7", "text/html")})
    got = await api.get(f"http://test{made.json()['url']}")
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf"
    assert got.headers["content-type"] == "application/pdf"


async def test_a_request_without_a_file_says_so(api, ana):
    refused = await api.post(f"/members/{ana}/attachments", json={})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "file"


async def test_however_many_are_added_at_once_no_member_has_more_than_the_limit(ana, monkeypatch):
    monkeypatch.setattr(attachments, "MOST", 3)
    added = await asyncio.gather(
        *(attach(ana, f"line {n}".encode(), name=f"{n}.txt") for n in range(8)), return_exceptions=True
    )
    assert [type(one).__name__ for one in added].count("TooManyFiles") == 5
    assert await fetchval("SELECT count(*) FROM attachment") == 3
