"""Checking a purchase before anything is written: all wrong fields are named together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.access.service.stores import StoreFacts
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import minor_digits, to_minor
from tessera.purchases.service.contract import Buyer, NewLine, NewPurchase, NewReturn
from tessera_hooks import Claim, Text, _

LARGEST = 10**14
"""Minor units that no single purchase reaches."""

MOST_CLAIMS = 20
"""How many claims one purchase may use up."""

AHEAD = timedelta(minutes=10)
"""How far a till's clock may be ahead."""

EARLIEST = 1900
"""The first year in which anything can have been bought."""


@dataclass(frozen=True)
class Place:
    """Where and when something was bought: store, zone, currency, moment."""

    store: StoreFacts | None
    currency: str
    at: datetime

    @property
    def store_id(self) -> UUID | None:
        """The store's id."""
        return self.store.id if self.store else None

    @property
    def zone(self) -> str:
        """The store's zone, else the business's."""
        return self.store.timezone if self.store else business().timezone


def store_for(code: str | None, permission: str = "purchases.write") -> StoreFacts | None:
    """The store that was named, else where the actor works, else the only one; refused without the right to it."""
    return access.store_for(code, permission)


def place_of(new: NewPurchase | NewReturn) -> Place:
    """Where, when and in which currency; a moment without a zone is the store's local time."""
    store = store_for(new.store)
    currency = (new.currency or (store.currency if store else business().currency)).upper()
    minor_digits(currency)
    at = new.at or clock.now()
    if at.tzinfo is None:
        at = at.replace(tzinfo=clock.zone(store.timezone if store else business().timezone))
    if at.year < EARLIEST:
        message = _("this moment is too long ago")
        raise Invalid(message, [FieldError("at", message)])
    if at > clock.now() + AHEAD:
        message = _("this moment lies in the future")
        raise Invalid(message, [FieldError("at", message)])
    return Place(store, currency, at)


def line_amount(line: NewLine, currency: str) -> int:
    """A line's amount in minor units: as given, else quantity times price, rounded half up."""
    if line.amount is not None:
        return line.amount
    if line.unit_price is None:
        return 0
    return to_minor(line.quantity * line.unit_price, currency)


def check_purchase(new: NewPurchase) -> None:
    """Refuse what cannot be a purchase."""
    refuse(_key_errors(new.source, new.external_id) + _contents_errors(new))


def check_contents(new: NewPurchase) -> None:
    """Refuse what cannot be bought; a purchase that is only thought of has no number."""
    refuse(_contents_errors(new))


def _contents_errors(new: NewPurchase) -> list[FieldError]:
    wrong = _length_errors("staff", new.staff, 80)
    if new.buyer.identity is not None:
        wrong += _length_errors("member.identity", new.buyer.identity, 200)
    wrong += _money_errors("amount", new.amount) + _money_errors("discount", new.discount)
    for place, line in enumerate(new.lines):
        wrong += _line_errors(f"lines.{place}", line)
    for place, payment in enumerate(new.payments):
        wrong += _length_errors(f"payments.{place}.method", payment.method, 60, needed=True)
        if abs(payment.amount) > LARGEST:
            wrong.append(FieldError(f"payments.{place}.amount", _("this amount is too large")))
    return wrong + _redeem_errors(new) + _claim_errors(new.claims)


def _redeem_errors(new: NewPurchase) -> list[FieldError]:
    for unit in new.redeem:
        if unit != "points":
            return [FieldError(f"redeem.{unit}", _('only "points" can be spent so'))]
    if not 0 <= new.points <= LARGEST:
        return [FieldError("redeem.points", _("give a whole number of points, zero or more"))]
    if new.points and new.buyer == Buyer():
        return [FieldError("redeem.points", _("points are a member's: say who buys"))]
    return []


def _claim_errors(claims: Sequence[Claim]) -> list[FieldError]:
    wrong = []
    if len(claims) > MOST_CLAIMS:
        return [FieldError("claims", _("at most {n} can be held out at once", n=MOST_CLAIMS))]
    for place, claim in enumerate(claims):
        wrong += _length_errors(f"claims.{place}.kind", claim.kind, 80, needed=True)
        wrong += _length_errors(f"claims.{place}.value", claim.value, 200, needed=True)
        if claim in claims[:place]:
            wrong.append(FieldError(f"claims.{place}.value", _("this is held out twice")))
    return wrong


def check_return(new: NewReturn) -> None:
    """Refuse what cannot be a return."""
    wrong = _key_errors(new.source, new.external_id)
    wrong += _length_errors("purchase_external_id", new.purchase_external_id, 120)
    if new.amount is not None:
        wrong += _money_errors("amount", new.amount)
    if new.lines and new.amount is not None:
        wrong.append(FieldError("amount", _("give lines or an amount, not both")))
    if new.purchase is None and new.purchase_external_id is None and new.amount is None:
        wrong.append(FieldError("amount", _("give an amount, or the purchase that comes back")))
    for place, line in enumerate(new.lines):
        if not _positive(line.quantity):
            wrong.append(FieldError(f"lines.{place}.quantity", _("give a quantity above zero")))
    refuse(wrong)


def refuse(wrong: list[FieldError]) -> None:
    """Refuse if anything was wrong."""
    if wrong:
        sentence = wrong[0].message if len(wrong) == 1 else _("Some values cannot be accepted.")
        raise Invalid(sentence, wrong)


def _key_errors(source: str, external_id: str) -> list[FieldError]:
    return _length_errors("source", source, 80, needed=True) + _length_errors(
        "external_id", external_id, 120, needed=True
    )


def _length_errors(field: str, text: str | None, longest: int, *, needed: bool = False) -> list[FieldError]:
    if needed and not (text or "").strip():
        return [FieldError(field, _("this is needed"))]
    if text is not None and "\x00" in text:
        return [FieldError(field, _("this holds a character that cannot be stored"))]
    if text is not None and len(text) > longest:
        return [FieldError(field, _("at most {limit} characters", limit=longest))]
    return []


def _money_errors(field: str, amount: int) -> list[FieldError]:
    if 0 <= amount <= LARGEST:
        return []
    return [FieldError(field, _("give an amount in minor units, zero or more"))]


def _line_errors(field: str, line: NewLine) -> list[FieldError]:
    wrong = _length_errors(f"{field}.sku", line.sku, 80) + _length_errors(f"{field}.category", line.category, 120)
    wrong += _length_errors(f"{field}.name", line.name, 2000)
    if not _positive(line.quantity):
        wrong.append(FieldError(f"{field}.quantity", _("give a quantity above zero")))
    if line.unit_price is not None and not (line.unit_price.is_zero() or _positive(line.unit_price)):
        wrong.append(FieldError(f"{field}.unit_price", _("give a price, zero or more")))
    if line.amount is not None:
        wrong += _money_errors(f"{field}.amount", line.amount)
    elif not wrong and line.unit_price is not None and line.quantity * line.unit_price > LARGEST:
        wrong.append(FieldError(f"{field}.unit_price", _("this amount is too large")))
    for place, share in enumerate(line.staff):
        wrong += _length_errors(f"{field}.staff.{place}.login", share.login, 80, needed=True)
        if not _positive(share.share):
            wrong.append(FieldError(f"{field}.staff.{place}.share", _("give a share above zero")))
    return wrong


def _positive(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return number.is_finite() and 0 < number <= LARGEST and isinstance(exponent, int) and exponent >= -12


_STAFF = """
SELECT p.id, p.login FROM staff p WHERE lower(p.login) = ANY($1) AND ($2::uuid[] IS NULL OR EXISTS (
    SELECT 1 FROM staff_role r WHERE r.staff = p.id AND (r.store IS NULL OR r.store = ANY($2))))
"""


async def staff_ids(logins: set[str]) -> dict[str, UUID]:
    """The people of given logins; one that nobody has is refused, and one of another circle in the same words."""
    if not logins:
        return {}
    wanted = {login: login.strip().casefold() for login in logins}
    everywhere = actor().stores is None
    rows = await fetch(_STAFF, list(wanted.values()), None if everywhere else [one.id for one in access.stores_known()])
    known = {row["login"].casefold(): row["id"] for row in rows}
    for login, normal in wanted.items():
        if normal not in known:
            message: Text = _('nobody signs in as "{login}"', login=login)
            raise Invalid(message, [FieldError("staff", message)])
    return {login: known[normal] for login, normal in wanted.items()}
