"""The link under a message: opening it changes nothing, one POST says no, without cookie or sign-in."""

import pytest

from tessera.access.actor import NOBODY, acting_as
from tessera.kernel.errors import NotFound
from tessera.kernel.ids import uuid7
from tessera.members import service as members
from tessera.messaging import service
from tessera.messaging.service.links import token_of


async def test_following_the_link_changes_nothing_and_saying_no_does(mail_server, member_named):
    ana = await member_named()
    token = token_of((await service.consider(ana, "hello")).id)
    assert (await service.subscription(token)).state == "granted"
    assert await members.consent_state(ana, "marketing", "email") == "granted"
    with acting_as(NOBODY):
        await service.unsubscribe(token)
    assert await members.consent_state(ana, "marketing", "email") == "refused"
    assert await members.consent_state(ana, "service", "email") == "granted"


async def test_saying_no_twice_is_saying_it_once(mail_server, member_named):
    token = token_of((await service.consider(await member_named(), "hello")).id)
    await service.unsubscribe(token)
    assert (await service.unsubscribe(token)).purpose == "marketing"


@pytest.mark.parametrize("token", ["", "x", "a.b", token_of.__name__, "AAAA.AAAA"])
async def test_a_token_that_is_not_ours_is_nobody(business, token):
    with pytest.raises(NotFound, match="This link is not complete"):
        await service.unsubscribe(token)


async def test_a_token_of_a_message_that_never_was_is_nobody(business):
    with pytest.raises(NotFound):
        await service.unsubscribe(token_of(uuid7()))


async def test_a_signature_holds_for_its_own_message_only(mail_server, member_named):
    one = token_of((await service.consider(await member_named("Ana"), "hello")).id)
    two = token_of((await service.consider(await member_named("Ben"), "hello")).id)
    with pytest.raises(NotFound):
        await service.unsubscribe(one.split(".")[0] + "." + two.split(".")[1])
