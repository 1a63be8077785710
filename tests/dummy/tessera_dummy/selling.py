"""How the plugin takes part in sales: vouchers that are used up once, and a purse that pays."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import Conflict
from tessera_dummy import service
from tessera_dummy.tables import Seen
from tessera_hooks import Basket, Claim, PriceCut, Returning, Settled, Settling, _

VOUCHER = "dummy.voucher"
PURSE = "dummy.purse"


class VoucherUsed(Conflict):
    """A voucher that someone else has used up meanwhile."""

    code = "dummy_voucher_used"


class PurseEmpty(Conflict):
    """A purse that holds less than it is to pay."""

    code = "dummy_purse_empty"


async def give_voucher(code: str, amount: int, member: UUID | None = None) -> None:
    """Make a voucher; one whose code begins with ``solo`` stands alone."""
    await service.note(f"voucher {code}", member, amount)


async def fill_purse(member: UUID | None, amount: int) -> None:
    """Put money into a member's purse; nobody's is a card with which whoever holds it pays."""
    await service.note("purse", member, amount)


async def price(basket: Basket) -> list[PriceCut]:
    """The member's vouchers, and what is held out."""
    rows = await Seen.select(Seen.what, Seen.amount, Seen.about).where(Seen.what.like("voucher %"))
    known = {row["what"].removeprefix("voucher "): row for row in rows}
    held = {claim.value for claim in basket.claims if claim.kind == VOUCHER}
    own = {code for code, row in known.items() if basket.member is not None and row["about"] == basket.member}
    cuts = [_cut(code, known[code]["amount"]) for code in sorted((held | own) & known.keys())]
    return cuts + [_cut(code, 0, refused=True) for code in sorted(held - known.keys())]


def _cut(code: str, amount: int, *, refused: bool = False) -> PriceCut:
    return PriceCut(
        kind=VOUCHER,
        title=_("Voucher"),
        amount=amount,
        claim=Claim(VOUCHER, code),
        stacks=not code.startswith("solo"),
        refused=_('there is no voucher "{code}"', code=code) if refused else None,
    )


async def settle(purchase: Settling) -> Settled:
    """Use up vouchers and take from the purse, each by one conditional statement; a row that is there once is used
    once."""
    await service.greet_settled(purchase)
    used = [claim for claim in purchase.claims if claim.kind == VOUCHER]
    for claim in used:
        await _use(claim.value)
    paid = sum(tender.amount for tender in purchase.tenders if tender.method == PURSE)
    if paid:
        await _take(purchase.member, paid)
    return Settled(claims=used, tenders=[PURSE] if paid else [], not_earning=paid)


async def _use(code: str) -> None:
    whose = Seen.what == f"voucher {code}"
    if not await Seen.update({Seen.what: f"used {code}"}).where(whose).returning(Seen.id):
        raise VoucherUsed(_('the voucher "{code}" is used up', code=code))


async def _take(member: UUID | None, amount: int) -> None:
    enough = (Seen.what == "purse") & (Seen.about == member) & (Seen.amount >= amount)
    if not await Seen.update({Seen.amount: Seen.amount - amount}).where(enough).returning(Seen.id):
        raise PurseEmpty(_("the purse holds less"))


async def give_back(returning: Returning) -> None:
    """Put back what the purse had paid; a voucher comes back with the whole of what was bought."""
    back = sum(tender.amount for tender in returning.refunds if tender.method == PURSE)
    if back:
        purse = (Seen.what == "purse") & (Seen.about == returning.member)
        await Seen.update({Seen.amount: Seen.amount + back}).where(purse)
    for claim in returning.claims if returning.whole else ():
        code = claim.value
        await Seen.update({Seen.what: f"voucher {code}"}).where(Seen.what == f"used {code}")


async def holds(member: UUID, store: UUID | None, currency: str) -> int | None:
    """What a member's purse could pay; nothing to say without one."""
    rows: Sequence[dict[str, int]] = await Seen.select(Seen.amount).where(Seen.what == "purse", Seen.about == member)
    return rows[0]["amount"] if rows else None


async def not_earning(member: UUID, store: UUID | None, currency: str, amount: int) -> int:
    """What a purse pays has earned when it was filled."""
    return amount
