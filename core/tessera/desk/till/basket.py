"""What stands on the counter: the form of the till as values, and the purchase that becomes of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.desk.till.entering import Entered
from tessera.kernel.business import business
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import example_amount, read_number, to_minor
from tessera.points.units import POINTS
from tessera.purchases import service as purchases
from tessera.web.forms import Form, id_of
from tessera_hooks import Claim, _

LEGIBLE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 characters: none is taken for another."""

MOST_LINES = 200
"""Lines of one basket."""

LARGEST = Decimal(10**9)


@dataclass(frozen=True)
class Line:
    """One line as it stands in the form: everything as it was typed."""

    sku: str = ""
    name: str = ""
    category: str = ""
    quantity: str = "1"
    price: str = ""

    @classmethod
    def of(cls, entered: Entered, known: purchases.KnownArticle | None) -> Line:
        """A line for what was entered, with what the shop remembers of the goods."""
        price = entered.price if entered.price is not None else known.unit_price if known else None
        return cls(
            entered.sku or (known.sku if known else "") or "",
            entered.name or (known.name if known else "") or "",
            (known.category if known else "") or "",
            plain(entered.quantity),
            "" if price is None else plain(price),
        )


@dataclass(frozen=True)
class Basket:
    """A sale that is not made yet; ``number`` makes it one sale however often it is sent.

    ``parts`` are the amounts to be paid otherwise than by ``method``, in minor units; ``seen`` is the price
    that was last shown.
    """

    number: str
    member: UUID | None = None
    lines: Sequence[Line] = ()
    points: int = 0
    claims: Sequence[Claim] = ()
    method: str = ""
    parts: dict[str, int] = field(default_factory=dict)
    received: int | None = None
    seen: int | None = None

    def with_line(self, line: Line) -> Basket:
        """One line more; the same goods at the same price are counted together."""
        for place, one in enumerate(self.lines):
            if line.sku and (one.sku, one.price) == (line.sku, line.price):
                more = replace(one, quantity=plain(number(one.quantity) + number(line.quantity)))
                return replace(self, lines=[*self.lines[:place], more, *self.lines[place + 1 :]])
        if len(self.lines) >= MOST_LINES:
            raise Invalid(_("A basket holds at most {n} lines: begin another sale.", n=MOST_LINES), [])
        return replace(self, lines=[*self.lines, line])

    def without_line(self, place: int) -> Basket:
        """One line less."""
        return replace(self, lines=[line for at, line in enumerate(self.lines) if at != place])

    def articles(self) -> list[purchases.NewLine]:
        """The lines of the purchase; what cannot be read is refused by its place."""
        wrong: list[FieldError] = []
        made = [_article(line, place, wrong) for place, line in enumerate(self.lines)]
        if wrong:
            raise Invalid(wrong[0].message, wrong)
        return made

    def as_new(self, source: str, currency: str, *, till: str | None) -> purchases.NewPurchase:
        """The purchase before anything lowers its price."""
        lines = self.articles()
        return purchases.NewPurchase(
            external_id=self.number,
            source=source,
            buyer=purchases.Buyer(id=self.member),
            store=till,
            currency=currency,
            amount=sum(purchases.line_amount(line, currency) for line in lines),
            lines=lines,
            payments=[purchases.NewPayment(method, amount) for method, amount in self.parts.items()],
            redeem={POINTS: self.points} if self.points else {},
            claims=self.claims,
        )


def new_number() -> str:
    """The number of a sale or a return, as people can read it out: the day, and fifty bits of chance."""
    chance = "".join(secrets.choice(LEGIBLE) for _place in range(10))
    return f"{business().today():%y%m%d}-{chance[:5]}-{chance[5:]}"


def basket_of(form: Form, currency: str) -> Basket:
    """The basket that a form holds; a new one has no number yet."""
    columns = [form.values.get(f"line.{name}", []) for name in ("sku", "name", "category", "quantity", "price")]
    lines = [Line(*(cell.strip() for cell in row)) for row in zip(*columns, strict=False)]
    claims = [Claim(*text.split(" ", 1)) for text in form.all("claim") if " " in text]
    return Basket(
        number=form["number"][:60] or new_number(),
        member=id_of(form["member"]) if form["member"] else None,
        lines=lines[:MOST_LINES],
        points=_whole(form["points"]),
        claims=list(dict.fromkeys(claims)),
        method=form["method"],
        parts=_parts(form, currency),
        received=_money(form, "received", currency),
        seen=_whole(form["seen"]) if form["seen"] else None,
    )


def _parts(form: Form, currency: str) -> dict[str, int]:
    found = {name[5:]: _money(form, name, currency) for name in form.values if name.startswith("part.")}
    return {method: amount for method, amount in found.items() if amount}


def _article(line: Line, place: int, wrong: list[FieldError]) -> purchases.NewLine:
    try:
        quantity = number(line.quantity or "1")
    except ValueError:
        wrong.append(FieldError(f"line.{place}.quantity", _("give a quantity above zero")))
        quantity = Decimal(1)
    try:
        price = number(line.price)
    except ValueError:
        wrong.append(FieldError(f"line.{place}.price", _("give the price")))
        price = Decimal(0)
    return purchases.NewLine(
        sku=line.sku or None,
        name=line.name or None,
        category=line.category or None,
        quantity=quantity,
        unit_price=price,
    )


def number(text: str) -> Decimal:
    """A number as people type it; ``ValueError`` for what is none, below zero or too large."""
    value = read_number(text)
    if not 0 <= value <= LARGEST:
        raise ValueError(text)
    return value


def plain(value: Decimal) -> str:
    """A number as it stands in a form: without exponent and needless zeros."""
    return format(value.normalize(), "f")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _money(form: Form, name: str, currency: str) -> int | None:
    """An amount of the form in minor units; nothing where nothing was typed, refused where it is no number."""
    if not form[name]:
        return None
    try:
        return to_minor(number(form[name]), currency)
    except ValueError:
        message = _("give an amount such as {example}", example=example_amount(currency))
        raise Invalid(message, [FieldError(name, message)]) from None


def sealed_claims(claims: Sequence[Claim]) -> list[str]:
    """Claims as the form holds them."""
    return [f"{claim.kind} {claim.value}" for claim in claims]


def pay(basket: Basket, owed: int, methods: Sequence[Any]) -> list[purchases.NewPayment]:
    """How an amount is paid: the parts as typed, the rest by the method that was chosen.

    Parts above what is owed, a method that is not offered, less cash than is to be paid in it, and more of a plugin's
    method than it holds are refused by the field.
    """
    holds = {offered.method: offered.holds for offered in methods}
    wrong = [
        FieldError(f"part.{method}", _("this way to pay is not offered"))
        for method in basket.parts
        if method not in holds
    ]
    rest = owed - sum(basket.parts.values())
    if rest < 0:
        wrong.append(FieldError("parts", _("the parts are more than what is to be paid")))
    if rest > 0 and basket.method not in holds:
        wrong.append(FieldError("method", _("choose how it is paid")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    paid = dict(basket.parts)
    if rest:
        paid[basket.method] = paid.get(basket.method, 0) + rest
    if basket.received is not None and basket.received < paid.get("cash", 0):
        message = _("this is less than what is to be paid in cash")
        raise Invalid(message, [FieldError("received", message)])
    for method, amount in paid.items():
        most = holds[method]
        if most is not None and amount > most:
            raise Invalid(
                _("not enough for this: pay a part of it otherwise"),
                [FieldError(f"part.{method}", _("not enough for this: pay a part of it otherwise"))],
            )
    return [purchases.NewPayment(method, amount) for method, amount in paid.items()]
