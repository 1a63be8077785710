"""A coach, members, pages and endpoints for tests of records."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from core.records import garden as plugin
from litestar import Litestar

from tessera import domains
from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.app import make_app
from tessera.kernel import generation
from tessera.kernel.database import execute
from tessera.kernel.plugins import Candidate, PluginHost, host, load_host, use_host
from tessera.kernel.plugins.state import enable, record_plugins
from tessera.members import service as members
from tessera.members.service.create import NewMember
from tessera.records.kinds import Kind, kind_named

COACHING = ("members.read", "fitness.body_test.read", "fitness.body_test.write")
TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest.fixture
def body_test(plugin_host: PluginHost) -> Kind:
    return kind_named(plugin_host, "fitness.body_test")


@pytest.fixture
def coach(store: UUID):
    """A coach of the first store acts, to the end of the test."""
    with acting_as(Actor("staff", "Chen", (Grant(COACHING, store),), store=store)) as someone:
        yield someone


@pytest.fixture
async def member(store: UUID):
    """Makes members of the first store."""

    async def make(name: str = "Ana", **more: object) -> UUID:
        with system_actor():
            return await members.create_member(NewMember(name=name, **{"store": store, **more}))

    return make


@pytest.fixture
async def ana(member) -> UUID:
    return await member("Ana", gender="female", birthday="1990-02-28")


@pytest.fixture
async def garden(business: None, plugin_host: PluginHost) -> AsyncIterator[Kind]:
    """The record type of a second plugin, loaded and enabled for the test."""
    mine = Candidate(plugin.MANIFEST, "core.records.garden", Path(__file__).parent, local=True, one_file=True)
    others = [p.candidate for p in plugin_host.plugins.values()]
    loaded = load_host([*others, mine], domains.DOMAINS, domains.derivations())
    await execute("CREATE SCHEMA garden")
    await plugin.Diary.create_table()
    await record_plugins(loaded)
    await generation.reread()
    await enable("garden")
    yield kind_named(loaded, "garden.diary")
    use_host(plugin_host)
    await execute("DROP SCHEMA garden CASCADE")
    await execute("DELETE FROM plugin_state WHERE name = 'garden'")
    await generation.reread()


_apps: dict[int, tuple[PluginHost, Litestar]] = {}


def app_now() -> Litestar:
    """The application of the host of this process, made once for each host."""
    loaded = host()
    if id(loaded) not in _apps:
        _apps[id(loaded)] = loaded, make_app(loaded)
    return _apps[id(loaded)][1]


class Browser:
    """A person at a browser: pages as text, forms sent with the token of the page they were on."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def open(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    async def send(self, page: str, path: str, **values: object) -> httpx.Response:
        token = TOKEN.search(page)
        assert token, page[:2000]
        return await self.http.post(path, data={"_csrf": token.group(1), **{k: str(v) for k, v in values.items()}})


@pytest.fixture
async def browser(store: UUID, plugin_host: PluginHost):
    """Opens a browser in which someone with a role is signed in."""
    opened: list[httpx.AsyncClient] = []

    async def sign_in(role: str = "fitness.coach", store_code: str = "main") -> Browser:
        with system_actor():
            login = f"someone{len(opened)}"
            made = await access.add_staff(login, "Chen Jing", "correct horse 42", role_code=role, store_code=store_code)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app_now()),
            base_url="http://test",
            cookies={"tessera_session": await access.open_session(made.id)},
        )
        opened.append(http)
        return Browser(http)

    yield sign_in
    for http in opened:
        await http.aclose()


@pytest.fixture
async def program(store: UUID, plugin_host: PluginHost):
    """Opens a client of the API that holds a key with some permissions."""
    opened: list[httpx.AsyncClient] = []

    async def with_key(*permissions: str, store: UUID | None = None) -> httpx.AsyncClient:
        with system_actor():
            key = await access.add_key("scale", permissions or COACHING, store=store)
        opened.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app_now()),
                base_url="http://test/api/v1",
                headers={"Authorization": f"Bearer {key}"},
            )
        )
        return opened[-1]

    yield with_key
    for http in opened:
        await http.aclose()
