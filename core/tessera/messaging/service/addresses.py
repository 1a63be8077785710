"""What counts as an e-mail address that mail servers take."""

from __future__ import annotations

import re

from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import _

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
"""Local part and domain of plain ASCII (RFC 5321 without quoted local parts)."""


def is_address(address: str) -> bool:
    """Whether a mail server can be given this."""
    return bool(ADDRESS.match(address)) and ".." not in address


def checked_address(address: str, field: str) -> str:
    """An address as it is stored, or a refusal that names it."""
    cleaned = address.strip()
    if not is_address(cleaned):
        message = _('"{address}" is no e-mail address', address=cleaned)
        raise Invalid(message, [FieldError(field, message)])
    return cleaned
