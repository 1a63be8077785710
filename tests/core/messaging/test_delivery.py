"""Delivery through a real mail server: what is sent, refused, tried again and left uncertain."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.members import service as members
from tessera.messaging import service
from tessera.messaging.service import delivery, holding
from tessera.messaging.service.smtp import SmtpSettings, connect

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


async def states():
    return {row["state"]: row["n"] for row in await fetch("SELECT state, count(*) AS n FROM message GROUP BY state")}


async def test_a_member_who_agreed_gets_the_mail_in_their_language(mail_server, store, member_named):
    await service.consider(await member_named("Ana", language="zh_Hans", store=store), "hello")
    assert (await service.deliver_due()).sent == 1
    (mail,) = mail_server.arrived
    assert mail["Subject"] == "Ana，您好"
    assert mail.get_content().startswith("Main street想念您。")
    assert mail["From"] == "Harbour Gym <hello@gym.example>"
    assert mail["To"] == "ana@example.com"
    assert mail.get_content_type() == "text/plain"


async def test_the_message_id_is_that_of_the_message(mail_server, member_named):
    decision = await service.consider(await member_named(), "hello")
    await service.deliver_due()
    assert mail_server.arrived[0]["Message-ID"] == f"<{decision.id}@gym.example>"


async def test_a_line_with_a_single_dot_arrives_as_it_was_written(mail_server, member_named):
    await service.consider(await member_named(), "hello")
    await service.deliver_due()
    body = mail_server.arrived[0].get_content().replace("\r\n", "\n")
    assert body.startswith("We miss you at Harbour Gym.\n.\nFrom Harbour Gym")


async def test_offers_say_how_to_refuse_the_next_ones(mail_server, member_named):
    decision = await service.consider(await member_named(), "hello")
    await service.deliver_due()
    (mail,) = mail_server.arrived
    assert mail["List-Unsubscribe"] == f"<{service.link_of(decision.id)}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert service.link_of(decision.id) in mail.get_content()


async def test_the_link_stands_in_its_header_unbroken_however_long(mail_server, member_named):
    service.use_public_url("https://a-rather-long-name-of-a-business.and-its-branch.example/crm")
    decision = await service.consider(await member_named("Ana"), "hello")
    await service.deliver_due()
    assert f"\r\nList-Unsubscribe: <{service.link_of(decision.id)}>\r\n".encode() in mail_server.raw[0]
    assert max(len(line) for line in mail_server.raw[0].split(b"\r\n")) < 998


async def test_the_mail_says_its_language(mail_server, member_named):
    await service.consider(await member_named("Ana", language="zh_Hans"), "hello")
    await service.deliver_due()
    assert mail_server.arrived[0]["Content-Language"] == "zh-Hans"


async def test_service_messages_carry_no_such_link_and_the_values_they_were_given(mail_server, member_named):
    await service.consider(await member_named(), "receipt", values={"number": "77"})
    await service.deliver_due()
    (mail,) = mail_server.arrived
    assert mail["List-Unsubscribe"] is None
    assert mail.get_content().strip() == "Your number: 77"


async def test_a_name_with_line_breaks_makes_no_headers(mail_server, member_named):
    ana = await member_named("Ana")
    await execute("UPDATE member SET name = $1 WHERE id = $2", "Ana\r\nBcc: all@example.com", ana)
    await service.consider(ana, "hello")
    await service.deliver_due()
    assert mail_server.arrived[0]["Bcc"] is None


async def test_a_value_that_is_missing_refuses_the_message(mail_server, member_named):
    await service.consider(await member_named(), "receipt")
    assert (await service.deliver_due()).refused == 1
    assert await fetchval("SELECT reason FROM message") == "template_failed"


async def test_consent_withdrawn_before_it_goes_out_stops_the_message(mail_server, member_named):
    ana = await member_named()
    await service.consider(ana, "hello")
    await members.set_consent(ana, "marketing", "email", "refused", source="desk")
    assert (await service.deliver_due()).blocked == 1
    assert mail_server.arrived == []
    assert await fetchval("SELECT reason FROM message") == "refused"


async def test_the_servers_final_no_is_noted_with_its_code(mail_server, member_named):
    mail_server.rcpt["ana@example.com"] = "550 no such user ana@example.com"
    await service.consider(await member_named("Ana"), "hello")
    await service.consider(await member_named("Ben"), "hello")
    await service.deliver_due()
    refused = await fetchrow("SELECT reason, answer FROM message WHERE state = 'refused'")
    assert tuple(refused) == ("server_refused", 550)
    assert mail_server.addresses == ["ben@example.com"]


async def test_a_final_no_to_the_text_is_one_too(mail_server, member_named):
    mail_server.data["ana@example.com"] = "554 looks like spam"
    await service.consider(await member_named("Ana"), "hello")
    await service.deliver_due()
    assert await fetchval("SELECT answer FROM message WHERE state = 'refused'") == 554


@pytest.mark.parametrize("step", ["rcpt", "data"])
async def test_a_no_for_now_is_tried_again_later_and_then_sent(mail_server, member_named, step):
    getattr(mail_server, step)["ana@example.com"] = "451 try again later"
    with clock.frozen(START):
        await service.consider(await member_named("Ana"), "hello")
        assert (await service.deliver_due()).later == 1
        assert (await service.deliver_due()).later == 0
    getattr(mail_server, step).clear()
    with clock.frozen(START + timedelta(minutes=2)):
        assert (await service.deliver_due()).sent == 1
    assert mail_server.addresses == ["ana@example.com"]


async def test_after_six_attempts_it_is_refused(mail_server, member_named):
    mail_server.rcpt["ana@example.com"] = "451 try again later"
    with clock.frozen(START):
        await service.consider(await member_named("Ana"), "hello")
    for day in range(6):
        with clock.frozen(START + timedelta(days=day)):
            await service.deliver_due()
    row = await fetchrow("SELECT state, reason, answer, attempts FROM message")
    assert (row["state"], row["reason"], row["answer"]) == ("refused", "server_refused", 451)


async def test_a_server_that_is_gone_leaves_the_messages_due(mail_server, member_named, unused_tcp_port):
    await service.change_smtp("127.0.0.1", str(unused_tcp_port), "none", "", "hello@gym.example")
    await service.consider(await member_named("Ana"), "hello")
    await service.consider(await member_named("Ben", consent=None), "hello")
    assert (await service.deliver_due()).later == 1
    assert await states() == {"due": 1, "blocked": 1}


async def test_without_a_mail_server_messages_wait_and_no_attempt_is_counted(business, member_named):
    await service.set_mode("on")
    await service.consider(await member_named("Ana"), "hello")
    await service.deliver_due()
    assert tuple(await fetchrow("SELECT state, attempts FROM message")) == ("due", 0)


@pytest.mark.parametrize("taken", ["take and drop", "drop"])
async def test_silence_after_the_text_is_uncertain_and_never_sent_again(mail_server, member_named, taken):
    mail_server.data["ana@example.com"] = taken
    await service.consider(await member_named("Ana"), "hello")
    assert (await service.deliver_due()).uncertain == 1
    mail_server.data.clear()
    arrived = len(mail_server.arrived)
    with clock.frozen(datetime.now(UTC) + timedelta(days=2)):
        await service.deliver_due()
    assert len(mail_server.arrived) == arrived
    assert await states() == {"uncertain": 1}


async def test_who_was_killed_while_sending_leaves_an_uncertain_message(mail_server, member_named):
    await service.consider(await member_named("Ana"), "hello")
    await execute("UPDATE message SET state = 'sending', lease_until = now() - interval '1 second', attempts = 1")
    assert (await service.deliver_due()).uncertain == 1
    assert mail_server.arrived == []


async def test_who_was_killed_before_the_text_leaves_a_message_that_is_due_again(mail_server, member_named):
    await service.consider(await member_named("Ana"), "hello")
    await execute("UPDATE message SET lease_until = now() - interval '1 second'")
    assert (await service.deliver_due()).sent == 1


async def test_a_message_that_someone_else_took_over_is_left_to_them(mail_server, member_named):
    await service.consider(await member_named("Ana"), "hello")
    (held,) = await holding.take(1)
    await execute("UPDATE message SET lease_until = lease_until + interval '1 minute'")
    client = await connect(SmtpSettings("127.0.0.1", mail_server.port, "none", "", "hello@gym.example"))
    assert await delivery._deliver(held, client, service.smtp_settings()) == "lost"
    await client.quit()
    assert mail_server.arrived == []


@pytest.mark.parametrize("answer", ["451 try again later", "550 no such user", "250 OK"])
async def test_who_was_suspended_too_long_changes_nothing_of_what_another_is_sending(mail_server, member_named, answer):
    async def answer_after_someone_else_began(_server, _session, envelope, address, _options):
        envelope.rcpt_tos.append(address)
        await execute("UPDATE message SET state = 'sending', attempts = 1, lease_until = now() + interval '10 minutes'")
        return answer

    mail_server.handle_RCPT = answer_after_someone_else_began
    await service.consider(await member_named("Ana"), "hello")
    assert (await service.deliver_due()).lost == 1
    assert tuple(await fetchrow("SELECT state, attempts FROM message")) == ("sending", 1)
    with clock.frozen(datetime.now(UTC) + timedelta(hours=1)):
        assert (await service.deliver_due()).uncertain == 1
        await service.deliver_due()
    assert mail_server.arrived == []


async def test_an_answer_that_comes_after_the_message_was_given_up_leaves_it_uncertain(mail_server, member_named):
    async def take_after_it_was_given_up(_server, _session, _envelope):
        with clock.frozen(datetime.now(UTC) + timedelta(hours=1)):
            await service.give_up_sending()
        return "250 OK"

    mail_server.handle_DATA = take_after_it_was_given_up
    await service.consider(await member_named("Ana"), "hello")
    assert (await service.deliver_due()).lost == 1
    assert await states() == {"uncertain": 1}
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'message.sent'") == 0


async def test_what_was_being_handed_over_is_not_tried_again_without_the_servers_no(mail_server, member_named):
    await service.consider(await member_named("Ana"), "hello")
    (held,) = await holding.take(1)
    assert await holding.begin_sending(held, await delivery.content_of(held.row))
    assert await holding.put_back(held, None) == "uncertain"
    assert await states() == {"uncertain": 1}


async def test_parallel_workers_send_each_message_once(mail_server, member_named):
    for n in range(30):
        await service.consider(await member_named(f"m{n}"), "hello")
    await asyncio.gather(*(service.deliver_due() for _worker in range(4)))
    assert mail_server.addresses == sorted(f"m{n}@example.com" for n in range(30))
    assert await states() == {"sent": 30}


async def test_what_was_considered_is_all_accounted_for(mail_server, member_named):
    mail_server.rcpt["m1@example.com"] = "550 no"
    mail_server.data["m2@example.com"] = "drop"
    mail_server.rcpt["m3@example.com"] = "451 later"
    for n in range(6):
        await service.consider(await member_named(f"m{n}"), "hello")
    await service.consider(await member_named("m6", consent=None), "hello")
    await service.deliver_due()
    assert await service.counts() == {"sent": 3, "due": 1, "sending": 0, "blocked": 1, "refused": 1, "uncertain": 1}


async def test_the_text_that_went_out_can_be_read_later_and_is_sealed(mail_server, member_named):
    decision = await service.consider(await member_named("Ana"), "hello")
    await service.deliver_due()
    _line, content = await service.message(decision.id)
    assert content.subject == "Hello Ana"
    assert b"Hello" not in await fetchval("SELECT content FROM message")


async def test_what_was_sent_stands_on_the_timeline(mail_server, member_named):
    decision = await service.consider(await member_named("Ana"), "hello")
    await service.deliver_due()
    event = await fetchrow("SELECT payload FROM event WHERE kind = 'message.sent'")
    assert event["payload"] == {"message": str(decision.id), "template": "hello", "rule": None}


async def test_a_test_mail_arrives_at_once(mail_server):
    await service.send_test("me@example.com")
    assert mail_server.addresses == ["me@example.com"]


async def test_a_test_mail_says_why_it_cannot_be_sent(mail_server, unused_tcp_port):
    await service.change_smtp("127.0.0.1", str(unused_tcp_port), "none", "", "hello@gym.example")
    with pytest.raises(service.MailServerUnavailable, match=r"the mail server 127\.0\.0\.1 cannot be used"):
        await service.send_test("me@example.com")
