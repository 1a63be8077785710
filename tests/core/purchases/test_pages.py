"""Pages of purchases and points, in both languages, and what conditions may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from core.purchases.conftest import NOW
from core.purchases.selling import bring_back, sale, sell
from litestar import Litestar

from tessera.access import service as access
from tessera.app import make_app
from tessera.kernel import clock
from tessera.kernel.business import business as business_facts
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.events import happened
from tessera.kernel.plugins import PluginHost, host
from tessera.kernel.texts import translate, use_locale
from tessera.members.service import account_of
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.service import NewLine


@pytest.fixture(scope="module")
def app(plugin_host: PluginHost) -> Litestar:
    return make_app(plugin_host)


@pytest.fixture
async def browser(app: Litestar, store: UUID) -> AsyncIterator[httpx.AsyncClient]:
    secret = await access.add_key("desk", ["members.read", "purchases.read", "points.read"])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers={"Authorization": f"Bearer {secret}"}
    ) as opened:
        yield opened


async def read(browser: httpx.AsyncClient, path: str, language: str = "en") -> str:
    answer = await browser.get(path, headers={"Accept-Language": language, "Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_purchase_shows_its_lines_and_what_came_back(browser: httpx.AsyncClient, ana: UUID) -> None:
    line = NewLine(sku="A1", name="Green <tea>", quantity=Decimal("1.5"), unit_price=Decimal("35"))
    done = await service.record_purchase(replace(sale(ana, 52_50), lines=[line]))
    await bring_back(done.id, amount=2_50)
    page = await read(browser, f"/purchases/{done.id}")
    assert all(text in page for text in ("Green &lt;tea&gt;", "¥52.50", "¥2.50", "Ana", "Main street"))


async def test_a_member_has_a_page_of_purchases_that_goes_on(browser: httpx.AsyncClient, ana: UUID) -> None:
    for number in range(52):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
        await service.record_purchase(replace(sale(ana, 100, f"R{number}"), at=at))
    page = await read(browser, f"/members/{ana}/purchases")
    assert ("R51" in page, "R2 " in page, "R1 " in page) == (True, True, False)
    more = page.split('rel="next" href="')[1].split('"')[0]
    assert "R1 " in await read(browser, more)


async def test_points_are_explained_to_people(browser: httpx.AsyncClient, ana: UUID) -> None:
    done = await sell(ana, 100_00)
    await points.debit(await account_of(ana), ana, 60, reason="a towel")
    await bring_back(done.id)
    page = await read(browser, f"/members/{ana}/points")
    assert "Points for what is paid: 1 for each ¥1.00 of ¥100.00" in page
    assert "Taken back for a return; 60 had been spent and are owed" in page
    assert "¥100.00" in await read(browser, f"/members/{ana}/points", "zh-CN")


async def test_the_members_page_shows_points_and_the_last_purchases(browser: httpx.AsyncClient, ana: UUID) -> None:
    await sell(ana, 52_50)
    page = await read(browser, f"/members/{ana}")
    assert f'href="/members/{ana}/points"' in page
    assert f'href="/members/{ana}/purchases"' in page
    assert "¥52.50" in page


async def test_someone_without_the_right_sees_neither(app: Litestar, ana: UUID) -> None:
    secret = await access.add_key("desk", ["members.read"])
    headers = {"Authorization": f"Bearer {secret}"}
    await sell(ana, 52_50)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers=headers
    ) as browser:
        assert "52.50" not in (await browser.get(f"/members/{ana}/points")).text
        assert (await browser.get(f"/members/{ana}/purchases")).status_code == 403


async def told(kind: str) -> list[tuple[str, str]]:
    reader = host().event_kinds[kind].event.timeline
    assert reader is not None
    rows = await fetch("SELECT * FROM event WHERE kind = $1 ORDER BY id", kind)
    entries = await reader([happened(row) for row in rows])
    return [(translate(entry.title), translate(entry.detail)) for entry in entries.values()]


async def test_the_timeline_reads_amounts_in_the_language_in_force(ana: UUID) -> None:
    done = await service.record_purchase(replace(sale(ana, 52_50), lines=[NewLine(amount=52_50)]))
    await bring_back(done.id, amount=2_50)
    assert await told("purchase.recorded") == [("Bought for ¥52.50", "1 line · Main street")]
    assert await told("purchase.returned") == [("Returned for ¥2.50", "Main street")]
    assert await told("visit.recorded") == [("Visited", "Main street")]
    with use_locale("zh_Hans"):
        assert "¥52.50" in (await told("purchase.recorded"))[0][0]


async def fact(name: str, member: UUID, now: datetime = NOW) -> Any:
    found = next(d.value for d in host().declared("facts") if d.value.name == name)
    today = clock.local_day(now, business_facts().timezone)
    sql = found.sql.format(now="$2::timestamptz", today="$3::date")
    return await fetchval(
        f"SELECT {sql} FROM member m WHERE m.id = $1 AND $2::timestamptz IS NOT NULL AND $3::date IS NOT NULL",
        member,
        now,
        today,
    )


async def test_conditions_may_ask_of_purchases_visits_and_points(ana: UUID) -> None:
    assert [await fact(f"{kind}.count", ana) for kind in ("purchases", "visits")] == [0, 0]
    assert await fact("visits.days_since_last", ana) is None
    late_on_the_15th_in_shanghai = datetime(2026, 11, 15, 15, 59, tzinfo=UTC)
    done = await service.record_purchase(replace(sale(ana, 30_00), at=late_on_the_15th_in_shanghai))
    await bring_back(done.id, amount=10_00)
    assert {
        name: await fact(name, ana)
        for name in (
            "purchases.count",
            "purchases.sum",
            "purchases.days_since_last",
            "visits.count",
            "visits.last_day",
            "visits.days_since_last",
            "points.available",
        )
    } == {
        "purchases.count": 1,
        "purchases.sum": 20_00,
        "purchases.days_since_last": 5,
        "visits.count": 1,
        "visits.last_day": date(2026, 11, 15),
        "visits.days_since_last": 5,
        "points.available": 20,
    }


async def test_a_plugin_can_report_a_visit_once_a_day(ana: UUID, store: UUID) -> None:
    assert await service.record_visit(ana, store, kind="fitness.class")
    assert not await service.record_visit(ana, store, kind="fitness.class")
    assert await service.record_visit(ana, store, kind="fitness.class", at=NOW - timedelta(days=1))
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'visit.recorded'") == 2
    assert await service.differing() == []
