"""The kinds of entitlements that plugins declare, by any word for them, and what the columns of a list mean."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.plugins import host
from tessera.kernel.texts import LOCALES, translate
from tessera.members.imports import whose
from tessera.members.imports.cells import Columns, remarks_on
from tessera.members.imports.mapping import assign
from tessera.members.normalise import plain
from tessera_hooks import EntitlementKind, _

HEADERS: dict[str, tuple[str, ...]] = {
    **whose.HEADERS,
    "kind": ("种类", "类型", "权益类型", "卡类型", "kind", "type", "entitlement"),
    "at": ("购买日期", "购买时间", "办理日期", "开卡日期", "日期", "date", "at", "bought on", "sold on", "issued on"),
    "reference": ("卡编号", "合同号", "凭证号", "流水号", "reference", "ref", "contract", "contract no"),
    "currency": ("币种", "货币", "currency"),
    "store": ("门店", "店铺", "所属门店", "归属门店", "分店", "store", "branch", "shop"),
}
"""The names by which what all kinds share is recognised."""


@dataclass(frozen=True)
class Known:
    """A kind by its full name."""

    name: str
    plugin: str
    kind: EntitlementKind


def kinds() -> dict[str, Known]:
    """All kinds, of enabled and disabled plugins alike, by their full names."""
    found = [Known(f"{d.plugin}.{d.value.name}", d.plugin, d.value) for d in host().declared("entitlement_kinds")]
    return {one.name: one for one in found}


def words() -> dict[str, Known]:
    """Kinds by every word for them; one that two kinds share is none."""
    said: dict[str, list[Known]] = {}
    for one in kinds().values():
        titles = (translate(one.kind.title, locale) for locale in LOCALES)
        for word in {plain(word).casefold() for word in (one.name, one.kind.name, *one.kind.names, *titles)}:
            said.setdefault(word, []).append(one)
    return {word: found[0] for word, found in said.items() if len(found) == 1}


def kind_of(text: str) -> Known:
    """The kind that a word means, or a refusal that names the nearest one."""
    known = words()
    found = known.get(plain(text).casefold())
    if found is not None:
        return found
    names = list(kinds())
    near = difflib.get_close_matches(plain(text).casefold()[:60], [*known], n=1, cutoff=0.5)
    if near:
        message = _('there is no kind "{kind}", did you mean "{nearest}"?', kind=text[:60], nearest=near[0])
    else:
        message = _('there is no kind "{kind}": choose {known}', kind=text[:60], known=", ".join(names) or "–")
    raise Invalid(message, [FieldError("kind", message)])


def plan(columns: Sequence[str], given: Mapping[str, str], kind: str) -> Columns:
    """What each column means, of all kinds together; refuses a list that does not say who has what."""
    known: dict[str, tuple[str, ...]] = dict(HEADERS)
    for one in kinds().values():
        for field_ in one.kind.fields:
            titles = tuple(translate(field_.title, locale) for locale in LOCALES)
            known[field_.name] = (*known.get(field_.name, ()), field_.name, *titles, *field_.headers)
    assigned, ignored = assign(columns, given, known)
    fields = {name: found[0] for name, found in assigned.items()}
    if not any(name in fields for name in whose.HEADERS):
        raise Invalid(_("no column says who the members are: give number, phone, email, card or name"))
    if "kind" not in fields and not kind:
        raise Invalid(_("no column says what the rows are: give --kind, such as --kind {known}", known=_one_of()))
    return Columns(fields, remarks_on(ignored))


def _one_of() -> str:
    return next(iter(kinds()), "–")
