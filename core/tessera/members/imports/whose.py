"""Whom a row of a list means: by number, phone, e-mail, card, id of another system, or by name alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from tessera.access import sealing
from tessera.kernel.database import fetch
from tessera.members.identities import Known, external, holders, identity, parse
from tessera.members.normalise import Unusable, plain
from tessera.members.service.scope import members_seen, present, visible_among
from tessera.members.service.survivors import numbered
from tessera_hooks import Text, _

HEADERS: dict[str, tuple[str, ...]] = {
    "number": ("会员号", "会员编号", "会员号码", "member number", "number", "member no"),
    "member": ("会员", "客户", "identity", "member", "customer"),
    "phone": ("手机号", "手机", "手机号码", "电话", "phone", "mobile", "phone number"),
    "email": ("邮箱", "电子邮箱", "邮件地址", "email", "e-mail", "email address"),
    "card": ("卡号", "会员卡号", "card", "card number"),
    "external": ("客户编号", "顾客编号", "用户id", "customer id", "customerid", "external id", "id"),
    "name": ("姓名", "名字", "会员姓名", "客户姓名", "顾客姓名", "name", "full name", "customer name", "member name"),
}
"""The names by which each field is recognised; the first that is filled in decides."""


class Named(msgspec.Struct, frozen=True):
    """Somebody of whom a row tells the name alone."""

    name: str


Whom = Known | str | Named
"""An identity, a member's number, or a name."""


class Missing(Exception):
    """Nobody, or nobody certain, is meant; ``reason`` says which."""

    def __init__(self, reason: Text) -> None:
        super().__init__(str(reason))
        self.reason = reason


def read_whom(columns: Mapping[str, str], values: Mapping[str, str | None], source: str) -> Whom:
    """Whom a row means; ``source`` names the system whose ids the list holds. Raises ``Unusable``."""
    readers: Sequence[tuple[str, Callable[[str], Whom]]] = (
        ("number", plain),
        ("member", parse),
        ("phone", lambda text: identity("phone", text)),
        ("email", lambda text: identity("email", text)),
        ("card", lambda text: identity("card", text)),
        ("external", lambda text: external(source, text)),
        ("name", lambda text: Named(plain(text))),
    )
    for field, read in readers:
        column = columns.get(field)
        text = (values.get(column) or "").strip() if column else ""
        if not text:
            continue
        if sealing.is_masked(text):
            raise Unusable(_("{column}: this value is masked", column=column))
        try:
            return read(text)
        except Unusable as refusal:
            raise Unusable(_("{column}: {reason}", column=column, reason=refusal.reason)) from None
    raise Unusable(_("the row does not say who the member is"))


@dataclass(frozen=True)
class People:
    """Those whom some rows mean, as far as the importer may change them."""

    numbers: Mapping[str, UUID]
    held: Mapping[tuple[str, bytes], UUID]
    names: Mapping[str, Sequence[UUID]]

    def find(self, whom: Whom) -> UUID | None:
        """The member that a row means; ``None`` where nobody, or nobody certain, is meant."""
        try:
            return self.of(whom)
        except Missing:
            return None

    def of(self, whom: Whom) -> UUID:
        """The member that a row means; raises ``Missing``."""
        if isinstance(whom, Named):
            found = self.names.get(whom.name, ())
            if len(found) > 1:
                raise Missing(_("several members have this name: give a phone, card or number"))
            one = found[0] if found else None
        else:
            one = self.numbers.get(whom) if isinstance(whom, str) else self.held.get((whom.kind, whom.lookup))
        if one is None:
            raise Missing(_("there is no such member"))
        return one


async def people(whom: Iterable[Whom]) -> People:
    """Find those whom some rows mean, in three queries."""
    wanted = list(whom)
    by_number = await numbered({one for one in wanted if isinstance(one, str)})
    held = await holders([one for one in wanted if isinstance(one, Known)])
    names = await _named({one.name for one in wanted if isinstance(one, Named)})
    everyone = sorted({*by_number.values(), *held.values(), *(id_ for ids in names.values() for id_ in ids)})
    seen = set(everyone if members_seen("members.write") is None else await visible_among(everyone, "members.write"))
    return People(
        {number: id_ for number, id_ in by_number.items() if id_ in seen},
        {key: id_ for key, id_ in held.items() if id_ in seen},
        {name: [id_ for id_ in ids if id_ in seen] for name, ids in names.items()},
    )


async def _named(names: set[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    if names:
        rows = await fetch(
            f"SELECT m.id, m.name FROM member m WHERE m.name = ANY($1) AND {present('m')} ORDER BY m.id", list(names)
        )
        for row in rows:
            found.setdefault(row["name"], []).append(row["id"])
    return found
