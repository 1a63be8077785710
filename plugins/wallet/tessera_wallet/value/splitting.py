"""How an amount of stored value divides into principal and bonus: pure, exact, in whole minor units."""

from __future__ import annotations

from typing import Literal

Order = Literal["bonus_first", "principal_first", "proportional"]


def split(amount: int, principal: int, bonus: int, order: Order) -> tuple[int, int]:
    """What a payment takes of principal and of bonus, in the order that was set.

    In proportion, the bonus part is rounded down and the principal takes the rest; neither ever takes more than
    there is. The amount must not exceed both together.
    """
    if order == "principal_first":
        of_principal = min(amount, principal)
        return of_principal, amount - of_principal
    if order == "bonus_first":
        of_bonus = min(amount, bonus)
        return amount - of_bonus, of_bonus
    held = principal + bonus
    of_bonus = amount * bonus // held if held else 0
    return amount - of_bonus, of_bonus


def back(amount: int, principal: int, bonus: int, principal_back: int, bonus_back: int) -> tuple[int, int]:
    """What of an amount that goes back belongs to principal and to bonus, after what has gone back before.

    The share is cumulative: bonus is rounded down over all that has gone back, principal takes the rest, so that
    partial returns add up to exactly what was paid. The amount must not exceed what is left of the payment.
    """
    so_far = principal_back + bonus_back + amount
    of_bonus = bonus * so_far // (principal + bonus) - bonus_back if principal + bonus else 0
    return amount - of_bonus, of_bonus


def bonus_due(paid: int, bonus: int, refunded: int, lapsed: int, amount: int) -> int:
    """How much bonus goes with ``amount`` of principal that is refunded: in proportion, cumulative, rounded down."""
    return bonus * (refunded + amount) // paid - lapsed if paid else 0
