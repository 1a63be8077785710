"""Pages and endpoints of messages: the log, texts, settings, and the public link."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from signed_in import send

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Forbidden, NotFound
from tessera.members import service as members
from tessera.messaging import service
from tessera.messaging.service.links import token_of


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(app) -> AsyncIterator[httpx.AsyncClient]:
    """A browser, or a mail program, that nobody knows."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://gym.example") as client:
        yield client


async def test_a_mail_program_says_no_in_one_click_without_cookie(mail_server, member_named, stranger):
    ana = await member_named()
    path = f"/m/u/{token_of((await service.consider(ana, 'hello')).id)}"
    answer = await stranger.post(path, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.history) == (200, [])
    assert await members.consent_state(ana, "marketing", "email") == "refused"


async def test_opening_the_link_asks_and_changes_nothing(mail_server, member_named, stranger):
    ana = await member_named(language="zh_Hans")
    path = f"/m/u/{token_of((await service.consider(ana, 'hello')).id)}"
    page = await stranger.get(path)
    assert page.status_code == 200
    assert f'action="{path}"' in page.text
    assert 'lang="zh-Hans"' in page.text
    assert await members.consent_state(ana, "marketing", "email") == "granted"


async def test_a_cut_off_link_says_so(business, stranger):
    page = await stranger.get("/m/u/abc")
    assert page.status_code == 404
    assert "not complete" in page.text


async def test_the_log_says_why_in_words(mail_server, member_named, owner):
    await service.consider(await member_named("Ana", consent=None), "hello")
    await service.consider(await member_named("Ben"), "hello")
    page = (await owner.get("/messages")).text
    assert "They were never asked whether they agree" in page
    assert "Ben" not in (await owner.get("/messages?state=blocked")).text


async def test_what_went_out_can_be_read(mail_server, member_named, owner):
    decision = await service.consider(await member_named("Ana"), "hello")
    await service.deliver_due()
    assert "We miss you at Main street" in (await owner.get(f"/messages/{decision.id}")).text


async def test_a_text_is_previewed_saved_and_reset(business, owner):
    page = await send(owner, "/message-texts/hello", subject_en="Hi", body_en="For {{ member.name }}", action="preview")
    assert "For Alex Morgan" in page.text
    assert (await service.template("hello")).changed_at is None
    await send(owner, "/message-texts/hello", subject_en="Hi", body_en="For {{ member.name }}", action="save")
    assert (await service.template("hello")).subject["en"] == "Hi"
    await send(owner, "/message-texts/hello", action="reset")
    assert (await service.template("hello")).subject["en"] == "Hello {{ member.name }}"


async def test_a_wrong_text_comes_back_with_what_is_wrong(business, owner):
    page = await send(owner, "/message-texts/hello", subject_en="{{ member.phone }}", body_en="x", action="save")
    assert page.status_code == 422
    assert "a text cannot say &#34;member.phone&#34;" in page.text


async def test_settings_are_saved_and_tried_out(business, owner, postman):
    here = "/settings/messaging"
    await send(owner, here, here + "/mode", mode="test", test_addresses="me@example.com")
    assert (service.mode(), service.test_addresses()) == ("test", ("me@example.com",))
    server = {"host": "127.0.0.1", "port": str(postman.port), "security": "none", "sender": "hello@gym.example"}
    await send(owner, here, here + "/server", **server)
    page = await send(owner, here, here + "/test", to="me@example.com")
    assert "The mail server took the test mail" in page.text
    assert postman.addresses == ["me@example.com"]


async def test_a_wrong_setting_is_named_at_its_field(business, owner):
    here = "/settings/messaging"
    page = await send(owner, here, here + "/server", host="smtp.example.com", port="x", sender="nobody")
    assert page.status_code == 422
    assert "give a number from 1 to 65535" in page.text
    assert "is no e-mail address" in page.text


async def test_a_till_writes_to_a_member_who_agreed(mail_server, member_named, api):
    body = {"member": str(await member_named()), "template": "receipt", "values": {"number": 7}}
    answer = await api.post("/messages", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["decision"] == "allowed"
    await service.deliver_due()
    assert mail_server.arrived[0].get_content().strip() == "Your number: 7"


async def test_a_blocked_message_is_an_answer_too(mail_server, member_named, api):
    answer = await api.post("/messages", json={"member": str(await member_named(consent=None)), "template": "hello"})
    assert answer.status_code == 201
    assert {k: answer.json()[k] for k in ("decision", "reason", "channel")} == {
        "decision": "blocked",
        "reason": "no_consent",
        "channel": "email",
    }


async def test_a_key_writes_only_to_members_of_its_stores(mail_server, store, member_named, api_client):
    other = await access.add_store("second", name="Second street")
    ana = await member_named(store=other.id)
    async with await api_client("messages.send", where=store) as till:
        answer = await till.post("/messages", json={"member": str(ana), "template": "hello"})
    assert answer.status_code == 404
    assert await fetchval("SELECT count(*) FROM message") == 0


@pytest.mark.parametrize("body", [{"template": "hello"}, {"member": "x", "template": "hello"}])
async def test_a_message_to_nobody_is_refused(business, api, body):
    assert (await api.post("/messages", json=body)).status_code in (400, 422)


async def test_the_log_shows_messages_of_the_stores_in_which_one_sends_them(mail_server, store, member_named):
    other = await access.add_store("second", name="Second street")
    ana = await member_named(store=other.id)
    made = await service.consider(ana, "hello")
    reads_all = Grant(("members.read",))
    with acting_as(Actor("staff", "Ben", (reads_all, Grant(("messages.send",), store)))):
        assert (await service.messages()).items == []
        assert set((await service.counts()).values()) == {0}
        with pytest.raises(NotFound):
            await service.message(made.id)
    with acting_as(Actor("staff", "Cleo", (reads_all, Grant(("messages.send",), other.id)))):
        assert [line.id for line in (await service.messages()).items] == [made.id]


async def test_who_sends_messages_in_one_store_does_not_change_the_texts_of_all(store):
    with acting_as(Actor("staff", "Ben", (Grant(("messages.send",), store),))):
        for change in (service.change_template("hello", {"en": "Buy!"}, {}), service.reset_template("hello")):
            with pytest.raises(Forbidden):
                await change
    assert (await service.template("hello")).subject["en"] == "Hello {{ member.name }}"
