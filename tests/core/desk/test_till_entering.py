"""What is typed or scanned into the till's box for goods."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.desk.till.entering import Entered, read_entry


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("6901234567892", Entered(sku="6901234567892")),
        ("12.5", Entered(price=Decimal("12.5"))),
        ("12,50", Entered(price=Decimal("12.50"))),
        ("1,000", Entered(price=Decimal(1000))),
        ("TV 9,999,999.99", Entered(name="TV", price=Decimal("9999999.99"))),
        ("¥18", Entered(price=Decimal(18))),
        ("拿铁 18", Entered(name="拿铁", price=Decimal(18))),
        ("Flat white 4.50", Entered(name="Flat white", price=Decimal("4.50"))),
        ("3*12.5", Entered(price=Decimal("12.5"), quantity=Decimal(3))),
        ("2 x 6901234567892", Entered(sku="6901234567892", quantity=Decimal(2))),
        ("0.35×榴莲 88", Entered(name="榴莲", price=Decimal(88), quantity=Decimal("0.35"))),
        ("Latte", Entered(name="Latte")),
        ("0*5", Entered(name="0*5")),
        ("   ", None),
    ],
)
def test_a_text_is_read_as_one_expects(text, line):
    assert read_entry(text) == line


@given(st.text(max_size=60))
def test_whatever_is_scanned_is_a_line_or_nothing(text):
    line = read_entry(text)
    assert (line is None) == (not text.split())
    assert line is None or line.quantity > 0
