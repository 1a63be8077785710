"""What identifies a member: kinds, how each is written, and what it is looked up by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from babel.core import get_global

from tessera.access import sealing
from tessera.kernel import clock, generation
from tessera.kernel.business import business, has_business, setting
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.plugins.host import CORE
from tessera.members.normalise import (
    Unusable,
    email_key,
    normalise_email,
    normalise_external_id,
    normalise_passport,
    normalise_permit,
    normalise_phone,
    normalise_resident_id,
)
from tessera_hooks import Text, _

TAIL = 4
"""How many last characters are kept readable for the desk."""

SOURCES = "members.sources"
"""The setting that holds the names of the systems whose ids are known."""

DOCUMENTS = frozenset({"resident_id", "passport", "permit"})
"""Kinds that a state gave, whose values follow from birthday and place."""

SHARED = ("phone", "email")
"""Kinds that may reach several members, though they identify one."""


@dataclass(frozen=True, slots=True)
class Known:
    """One identity: its kind, its value as it is shown, and the key under which equal ones meet."""

    kind: str
    value: str
    key: str

    @property
    def lookup(self) -> bytes:
        """What the database finds it by."""
        return sealing.lookup(self.kind, self.key)

    @property
    def sealed(self) -> bytes:
        """What the database keeps of it."""
        return sealing.seal(self.value)

    @property
    def masked(self) -> str:
        """It as anyone may see it."""
        return masked(self.kind, self.value)

    @property
    def tail(self) -> str:
        """Its last characters, for people at the desk; of an address, nothing."""
        return "" if self.kind == "email" else self.key[-TAIL:]


@lru_cache(maxsize=32)
def _region_of(timezone: str) -> str:
    return str(get_global("zone_territories").get(timezone, "CN"))


def region() -> str:
    """The country of phone numbers written without a country code: that of the business's zone."""
    return _region_of(business().timezone) if has_business() else "CN"


def _phone(text: str) -> Known:
    number = normalise_phone(text, region()).e164
    return Known("phone", number, number)


def _email(text: str) -> Known:
    address = normalise_email(text)
    return Known("email", address, email_key(address))


def _resident_id(text: str) -> Known:
    number = normalise_resident_id(text)
    return Known("resident_id", number, number)


def _passport(text: str) -> Known:
    number = normalise_passport(text)
    return Known("passport", number, number)


def _permit(text: str) -> Known:
    number = normalise_permit(text)
    return Known("permit", number, number)


def _other(kind: str) -> Callable[[str], Known]:
    def parse(text: str) -> Known:
        value = normalise_external_id(text)
        return Known(kind, value, value)

    return parse


def external(source: str, text: str) -> Known:
    """The id of a member in another system, called ``source``."""
    value = f"{source}:{normalise_external_id(text)}"
    return Known("external", value, value)


def _external(text: str) -> Known:
    source, colon, value = text.partition(":")
    if not colon or not source.strip():
        raise Unusable(_("write the id of another system with the system's name before it: till:13607"))
    return external(normalise_external_id(source), value)


PARSERS: dict[str, Callable[[str], Known]] = {
    "phone": _phone,
    "email": _email,
    "wechat_open": _other("wechat_open"),
    "wechat_union": _other("wechat_union"),
    "card": _other("card"),
    "resident_id": _resident_id,
    "passport": _passport,
    "permit": _permit,
    "external": _external,
}

LABELS: dict[str, Text] = {
    "phone": _("Phone"),
    "email": _("E-mail"),
    "wechat_open": _("WeChat open id"),
    "wechat_union": _("WeChat union id"),
    "card": _("Card"),
    "resident_id": _("Resident id"),
    "passport": _("Passport"),
    "permit": _("Travel or residence permit"),
    "external": _("Id in another system"),
}


def identity(kind: str, text: str) -> Known:
    """One identity of a kind; ``Unusable`` for a value that cannot be one, or a kind that is not known."""
    parser = PARSERS.get(kind)
    if parser is None:
        raise Unusable(_('there is no kind of identity "{kind}": choose {known}', kind=kind, known=", ".join(PARSERS)))
    return parser(text)


def parse(text: str) -> Known:
    """An identity written with its kind, ``phone:13800138000``; without one it is a phone number."""
    kind, colon, value = text.partition(":")
    return identity(kind.strip(), value) if colon and kind.strip() in PARSERS else _phone(text)


def masked(kind: str, value: str) -> str:
    """An identity as anyone may see it.

    Of a document two characters are shown: whoever knows someone's birthday and has four of their
    resident id is left with one candidate for each eleven of the 3 000 or so districts; with two it is
    a hundred times as many.
    """
    if kind == "phone":
        return sealing.mask_phone(value)
    if kind == "email":
        return sealing.mask_email(value)
    return sealing.mask(value, tail=2 if kind in DOCUMENTS else TAIL)


def possible(text: str) -> list[Known]:
    """All identities that someone who types ``text`` into a search box may mean."""
    found: list[Known] = []
    kinds: Sequence[str] = [kind for kind in PARSERS if kind != "email" or "@" in text]
    for kind in kinds:
        try:
            found.append(PARSERS[kind](text))
        except Unusable:
            continue
    for source in setting(SOURCES, []):
        try:
            found.append(external(source, text))
        except Unusable:
            continue
    return found


_APPEND_SOURCE = """
INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, jsonb_build_array($2::text), $3, $4)
ON CONFLICT (key) DO UPDATE SET value = setting.value || excluded.value, updated_at = excluded.updated_at
WHERE NOT setting.value @> excluded.value
"""


async def remember_source(source: str) -> None:
    """Note that a system's ids are known, so that they are found without its name; two at once are both kept."""
    if source in setting(SOURCES, []):
        return

    async def work() -> None:
        if await execute(_APPEND_SOURCE, SOURCES, source, CORE, clock.now()):
            await generation.bump()

    await in_transaction(work)
    await generation.refresh()


async def find_by_identity(text: str) -> UUID | None:
    """The member that an identity belongs to, ``phone:13800138000``; ``None`` where it is nobody's.

    Knows no scope: callers that answer to people check what those may see.
    """
    try:
        known = parse(text)
    except Unusable:
        return None
    found: UUID | None = await fetchval(
        "SELECT member FROM identity WHERE kind = $1 AND lookup = $2", known.kind, known.lookup
    )
    return found


async def holders(wanted: Iterable[Known]) -> dict[tuple[str, bytes], UUID]:
    """Who holds which of many identities, in one query; by kind and lookup."""
    keys = {(known.kind, known.lookup) for known in wanted}
    rows = await fetch(
        "SELECT i.kind, i.lookup, i.member FROM unnest($1::text[], $2::bytea[]) AS w (kind, lookup) "
        "JOIN identity i ON i.kind = w.kind AND i.lookup = w.lookup",
        [kind for kind, _lookup in keys],
        [lookup for _kind, lookup in keys],
    )
    return {(row["kind"], row["lookup"]): row["member"] for row in rows}
