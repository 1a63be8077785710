"""What a cashier types or scans into the one box for goods, read as a line of the basket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from tessera.kernel.money import read_number

BARCODE = re.compile(r"\d{8}|\d{12,14}")
"""The lengths of GTIN-8, -12, -13 and -14."""

_NUMBER = r"[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d{1,4})?|\d{1,9}(?:[.,]\d{1,4})?"

_TIMES = re.compile(r"(\d{1,5}(?:[.,]\d{1,3})?)\s*[*x×＊]\s*(.+)", re.IGNORECASE)
_PRICE = re.compile(rf"[¥￥$€]?\s*({_NUMBER})")
_PRICED = re.compile(rf"(.+?)\s+{_PRICE.pattern}")


@dataclass(frozen=True)
class Entered:
    """Something that was put into the basket: a barcode, words, a price, or several of these; ``quantity`` of it."""

    sku: str = ""
    name: str = ""
    price: Decimal | None = None
    quantity: Decimal = Decimal(1)


def read_entry(text: str) -> Entered | None:
    """The line that a text means; ``None`` for nothing.

    ``6901234567892`` is a barcode, ``12.5`` a price, ``Coffee 12.5`` both, ``3*12.5`` three of them; a comma is as
    good as a point. Words alone are goods whose price is to be asked for.
    """
    text = " ".join(text.split())
    if not text:
        return None
    quantity = Decimal(1)
    if times := _TIMES.fullmatch(text):
        counted = read_number(times[1])
        if counted:
            quantity, text = counted, times[2]
    if BARCODE.fullmatch(text):
        return Entered(sku=text, quantity=quantity)
    if price := _PRICE.fullmatch(text):
        return Entered(price=read_number(price[1]), quantity=quantity)
    if priced := _PRICED.fullmatch(text):
        return Entered(name=priced[1], price=read_number(priced[2]), quantity=quantity)
    return Entered(name=text, quantity=quantity)
