"""What a store remembers of its goods from having sold them."""

from decimal import Decimal

import pytest

from tessera.purchases import service
from tessera.purchases.service import NewLine, NewPurchase
from tessera.purchases.service.remembering import _spellings


@pytest.fixture
def sold(store, system):
    """Sell one thing at a price."""
    numbers = iter(range(1000))

    async def sell(price: str, *, sku: str | None = None, name: str | None = None) -> None:
        line = NewLine(sku=sku, name=name, unit_price=Decimal(price))
        await service.record_purchase(
            NewPurchase(external_id=f"R{next(numbers)}", source="till", store="main", amount=0, lines=[line])
        )

    return sell


async def test_goods_are_known_by_their_number_as_they_were_sold_last(sold, store):
    await sold("3.00", sku="6901234567892", name="Soy milk")
    await sold("3.50", sku="6901234567892", name="Soy milk")
    known = await service.known_article("6901234567892", store, "CNY")
    assert (known.name, known.unit_price) == ("Soy milk", Decimal("3.50"))


async def test_a_scanner_may_write_the_number_longer(sold, store):
    await sold("3.00", sku="6901234567892", name="Soy milk")
    assert (await service.known_article("06901234567892", store, "CNY")).name == "Soy milk"


async def test_what_was_never_sold_is_not_known(sold, store):
    await sold("3.00", sku="6901234567892")
    assert await service.known_article("6909999999999", store, "CNY") is None


async def test_what_sells_most_comes_first(sold, store):
    for price, name in (("12", "Latte"), ("9", "Tea"), ("13", "Latte")):
        await sold(price, name=name)
    recent = await service.recent_articles(store, "CNY")
    assert [(one.name, one.unit_price) for one in recent] == [("Latte", Decimal(13)), ("Tea", Decimal(9))]


def test_a_number_of_ones_own_has_one_spelling():
    assert _spellings("A-17") == ["A-17"]
    assert _spellings("6901234567892") == ["6901234567892", "06901234567892"]
