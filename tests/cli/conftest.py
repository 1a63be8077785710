"""One real instance for all tests of the command line in a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cli.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.fixture
def unchanged(shop: Shop) -> Iterator[None]:
    """Whatever the test does, files and rows of the instance are the same afterwards."""
    before = shop.state()
    yield
    assert shop.state() == before
