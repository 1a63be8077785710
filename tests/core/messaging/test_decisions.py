"""Every recipient considered is one row: due, or blocked with the reason; consent has no way around."""

import asyncio

import pytest

from tessera.access.service import add_store
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.members import service as members
from tessera.messaging import service


async def test_messages_are_off_in_a_new_business(business, member_named):
    decision = await service.consider(await member_named(), "hello")
    assert (decision.state, decision.reason) == ("blocked", "off")


@pytest.mark.parametrize(("consent", "reason"), [(None, "no_consent"), ("refused", "refused")])
async def test_who_did_not_agree_is_never_written_to_whatever_the_mode(mail_server, member_named, consent, reason):
    decision = await service.consider(await member_named(consent=consent), "hello")
    assert (decision.state, decision.reason) == ("blocked", reason)


async def test_consent_is_for_one_purpose(mail_server, member_named):
    ana = await member_named(consent=None)
    await members.set_consent(ana, "service", "email", "granted", source="desk")
    assert (await service.consider(ana, "hello")).reason == "no_consent"
    assert (await service.consider(ana, "receipt")).state == "due"


async def test_without_an_address_nothing_goes_out(mail_server, member_named):
    decision = await service.consider(await member_named(email=False), "hello")
    assert (decision.state, decision.reason) == ("blocked", "no_address")


async def test_in_test_mode_only_listed_addresses_are_written_to(mail_server, member_named):
    await service.set_mode("test")
    await service.set_test_addresses(["Ana@Example.com"])
    assert (await service.consider(await member_named("Ana"), "hello")).state == "due"
    assert (await service.consider(await member_named("Ben"), "hello")).reason == "not_on_test_list"


async def test_a_store_may_stay_off_while_the_business_is_on(mail_server, store, member_named):
    await service.set_mode("off", store)
    other = await add_store("second", name="Second street")
    assert (await service.consider(await member_named("Ana", store=store), "hello")).reason == "off"
    assert (await service.consider(await member_named("Ben", store=other.id), "hello")).state == "due"


async def test_a_member_is_considered_once_for_a_rule_and_its_cause(mail_server, member_named):
    ana = await member_named()
    decisions = await asyncio.gather(
        *(service.consider(ana, "hello", rule="r", cause="2026-11-01") for _each in range(8))
    )
    assert sum(d.is_new for d in decisions) == 1
    assert len({d.id for d in decisions}) == 1
    assert (await service.consider(ana, "hello", rule="r", cause="2026-11-15")).is_new


async def test_a_rolled_back_unit_of_work_considered_nobody(mail_server, member_named):
    ana = await member_named()

    async def work():
        await service.consider(ana, "hello")
        raise ValueError

    with pytest.raises(ValueError):
        await in_transaction(work)
    assert await fetchval("SELECT count(*) FROM message") == 0


async def test_neither_address_nor_values_stand_readable_in_the_row(mail_server, member_named):
    await service.consider(await member_named(), "receipt", values={"number": "secret-77"})
    row = str(dict((await fetch("SELECT * FROM message"))[0]))
    assert "secret-77" not in row
    assert "ana@example.com" not in row


async def test_an_unknown_template_is_refused_with_the_nearest(mail_server, member_named):
    with pytest.raises(service.TemplateUnknown, match='there is no template "helo", did you mean "hello"'):
        await service.consider(await member_named(), "helo")


async def test_an_unknown_channel_is_refused(mail_server, member_named):
    with pytest.raises(Invalid, match="choose one of: email"):
        await service.consider(await member_named(), "hello", channel="pigeon")


async def test_a_list_of_test_addresses_names_the_wrong_one(business):
    with pytest.raises(Invalid, match='"not-an-address" is no e-mail address'):
        await service.set_test_addresses(["a@b.example", "not-an-address"])


async def test_the_database_refuses_a_blocked_message_without_a_reason(mail_server, member_named):
    await service.consider(await member_named(consent=None), "hello")
    with pytest.raises(Exception, match="message_reason"):
        await execute("UPDATE message SET reason = NULL")
