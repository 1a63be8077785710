"""Tables of pages: where their headings stand, and how prices of a piece are written."""

from __future__ import annotations

from decimal import Decimal

from tessera.web.formats import price
from tessera.web.templates import cells_at_end


def test_a_heading_stands_where_the_cells_below_it_do():
    row = '<td>Tea</td><td class="text-end">3</td><td class="text-end text-danger">9</td><td><a>Show</a></td>'
    assert cells_at_end(row) == [False, True, True, False]


def test_what_only_begins_like_a_cell_at_the_end_is_none():
    assert cells_at_end('<td class="text-endless">Tea</td><td data-label="text-end">3</td>') == [False, False]


async def test_a_price_of_a_piece_is_money_and_finer_prices_say_their_currency(business):
    assert price(Decimal("12.5")) == "¥12.50"
    assert price(Decimal("0.425")) == "0.425 CNY"
    assert price(None) == "–"
