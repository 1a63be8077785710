"""Finding someone by an exact identity, anywhere in the circle: audited, counted, and known here from then on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stdnum import luhn

from tessera.access import audit
from tessera.access import service as access
from tessera.access.actor import actor
from tessera.access.service.lookups import Cost, count_lookup
from tessera.kernel.business import setting
from tessera.kernel.database import apart, execute, fetch, in_transaction
from tessera.kernel.errors import Conflict
from tessera.members.identities import PARSERS, SOURCES, Known, external, parse
from tessera.members.normalise import Unusable, plain
from tessera.members.service.fields import lookups_of, matching
from tessera.members.service.scope import in_scope, members_seen, present, stores_seen, unknown, visible_among
from tessera_hooks import _

NUMBER = "number"
"""What a member's own number is called among the kinds of identities."""

MOST_SHARING = 10
"""How many members who share a phone are offered."""


class SeveralMembers(Conflict):
    """A phone or address identifies nobody and reaches several members, a mother's children: ``members``."""

    code = "several_members"


@dataclass(frozen=True)
class Question:
    """What someone asks for, and how the audit calls it.

    Identities that a text may mean, a member number, and what may stand in a sensitive field of the
    business's own that is searched.
    """

    kind: str
    known: Sequence[Known] = ()
    number: str = ""
    field: str = ""


@dataclass(frozen=True)
class Holder:
    """Someone whom an identity leads to; ``here`` is whether the actor would have seen them without asking."""

    member: UUID
    is_contact: bool
    here: bool


_HOLDERS = f"""
WITH RECURSIVE wanted AS (SELECT * FROM unnest($1::text[], $2::bytea[]) AS w (kind, lookup)),
numbered AS (
    SELECT id, merged_into FROM member WHERE number = $3
    UNION ALL SELECT m.id, m.merged_into FROM member m JOIN numbered n ON m.id = n.merged_into
),
found AS (
    SELECT i.member, false AS is_contact FROM wanted w JOIN identity i ON i.kind = w.kind AND i.lookup = w.lookup
    UNION ALL SELECT n.id, false FROM numbered n WHERE n.merged_into IS NULL
    UNION ALL SELECT c.member, true FROM wanted w JOIN contact c ON c.kind = w.kind AND c.lookup = w.lookup
)
SELECT m.id AS member, bool_and(f.is_contact) AS is_contact, {in_scope("m.id", 6)} AS here
FROM found f JOIN member m ON m.id = f.member
WHERE {present("m")} AND (
    $4::uuid[] IS NULL
    OR EXISTS (SELECT 1 FROM member_store s WHERE s.member = m.id AND s.store = ANY($4))
    OR EXISTS (SELECT 1 FROM member_staff r WHERE r.member = m.id AND r.staff = $5)
    OR (
        NOT EXISTS (SELECT 1 FROM member_store s WHERE s.member = m.id)
        AND EXISTS (SELECT 1 FROM store s JOIN circle c ON c.id = s.circle WHERE s.id = ANY($4) AND c.code = $7)
    )
)
GROUP BY m.id ORDER BY 2, m.id
"""

_LINK = """
INSERT INTO member_store (member, store)
SELECT $1, s.id FROM store s JOIN circle c ON c.id = s.circle
WHERE s.id = ANY($2) AND CASE WHEN EXISTS (SELECT 1 FROM member_store o WHERE o.member = $1)
    THEN EXISTS (
        SELECT 1 FROM member_store o JOIN store t ON t.id = o.store WHERE o.member = $1 AND t.circle = s.circle
    )
    ELSE c.code = $4 END
ORDER BY s.id IS DISTINCT FROM $3, s.id LIMIT 1
ON CONFLICT DO NOTHING
"""


async def lookup(text: str) -> UUID:
    """The member who has an identity, ``phone:13800138000``, or the number ``number:100001``.

    Found anywhere in the circle of the stores in which the actor may see members; a member of no store
    belongs to the first circle. Whoever is found is linked to the store where the actor works, and so
    seen there from then on. A phone that identifies nobody and reaches one member leads to that one;
    where it reaches several, ``several_members`` names them. For everything else, a miss, another
    circle, a value that cannot be one, the refusal is the same: ``member_unknown``.
    """
    found = await look_up(question_of(text))
    if not found:
        raise unknown()
    if len(found) > 1:
        raise SeveralMembers(
            _("Several members are reached under this: choose one of them."), members=[str(member) for member in found]
        )
    return found[0]


async def look_up(question: Question, *, reached_too: bool = False, or_goods: bool = False) -> list[UUID]:
    """Whom a question leads to: the one it identifies, else those it reaches; counted, noted, linked.

    ``reached_too`` names those whom a phone reaches beside the one it identifies: her children. ``or_goods``
    is for a scanner that reads goods and cards alike: what nobody has is goods then, and no guess. It is
    cheap and not noted, for a shop that sells sixty new articles in an hour would look nobody up any more.

    The answer is known before it is counted and counted before it is told, so that a question that is
    refused looks the same whoever has the identity.
    """
    holders = await holders_of(question, circle_seen())
    if question.field:
        inside = await visible_among(await matching(question.field), "members.read")
        holders += [Holder(one, False, True) for one in inside if one not in [held.member for held in holders]]
    beyond = question.number != "" and not all(holder.here for holder in holders)
    missed = not holders and not or_goods
    await count_lookup(*question.known, cost=Cost.DEAR if missed or beyond else Cost.CHEAP)
    if missed:
        await note_miss(question.kind)
    if not holders:
        return []
    identified = [] if reached_too else [holder.member for holder in holders if not holder.is_contact]
    found = identified or [holder.member for holder in holders][:MOST_SHARING]

    async def work() -> None:
        for member in found:
            await _link(member)
            await audit.note("members.looked_up", member=member, kind=question.kind)

    await in_transaction(work)
    return found


def question_of(text: str) -> Question:
    """What is asked by a text with its kind before it; one that cannot be an identity asks for nobody."""
    kind, colon, value = text.partition(":")
    kind = kind.strip() if colon else ""
    if kind == NUMBER:
        return Question(NUMBER, number=number_of(value) or secrets.token_hex(8))
    try:
        known = parse(text)
    except Unusable:
        # asked all the same, so that it takes as long as any other
        return Question(kind if kind in PARSERS else "phone", number=secrets.token_hex(8))
    return Question(known.kind, [known])


def number_of(text: str) -> str | None:
    """A member number that was typed or scanned; ``None`` where its check digit (Luhn's) is wrong."""
    digits = plain(text).replace(" ", "")
    return digits if re.fullmatch(r"[0-9]{3,19}", digits) and luhn.is_valid(digits) else None


_PHONE = re.compile(r"[+0-9][0-9 ()./-]{6,}").fullmatch
_RESIDENT_ID = re.compile(r"[0-9]{17}[0-9Xx]").fullmatch
_DOCUMENT = re.compile(r"[A-Za-z]{1,2}[0-9]{7,10}").fullmatch
_CODE = re.compile(r"(?=.*[0-9])[^\s@]{3,64}").fullmatch
_LAST_DIGITS = re.compile(r"[0-9]{1,4}").fullmatch


def typed(text: str, *, whole: bool) -> Question | None:
    """What someone asks for who types ``text`` into the box; ``None`` for a name or a part of a number.

    While they type, only what is complete by its form: a phone, an address, a resident id. ``whole`` is
    that they have sent it, as a scanner does: then it may be a card, a passport, the id of another
    system or a member number as well.
    """
    text = plain(text)
    kinds = [kind for kind, looks in (("phone", _PHONE), ("resident_id", _RESIDENT_ID)) if looks(text)]
    if "@" in text:
        kinds.append("email")
    number = None
    if whole and _CODE(text) and not _LAST_DIGITS(text):
        kinds += [*(["passport", "permit"] if _DOCUMENT(text) else []), "card", "wechat_open", "wechat_union"]
        number = number_of(text)
    known = [one for kind in kinds if (one := _usable(kind, text)) is not None]
    field = ""
    if whole and "card" in kinds:
        known += [external(source, text) for source in setting(SOURCES, [])]
        field = text if lookups_of(text) else ""
    return Question(known[0].kind, known, number or "", field) if known else None


def _usable(kind: str, text: str) -> Known | None:
    try:
        return PARSERS[kind](text)
    except Unusable:
        return None


def circle_seen() -> list[UUID] | None:
    """The stores in whose circles the actor finds members; ``None`` means every one."""
    stores = stores_seen()
    if stores is None:
        return None
    return sorted({mate for store in stores for mate in access.circle_mates(store)})


async def holders_of(question: Question, circle: Sequence[UUID] | None) -> list[Holder]:
    """Those in a circle whom a question leads to, the identified before the reached. Counts and tells nothing."""
    rows = await fetch(
        _HOLDERS,
        [known.kind for known in question.known],
        [known.lookup for known in question.known],
        question.number,
        circle,
        actor().own_with("members.read"),
        members_seen(),
        access.DEFAULT_CIRCLE,
    )
    return [Holder(row["member"], row["is_contact"], row["here"]) for row in rows]


async def note_miss(kind: str) -> None:
    """Note that an identity was asked for that nobody here has; the note stays though the request is refused."""
    async with apart():
        await audit.note("members.lookup_missed", kind=kind)


async def _link(member: UUID) -> None:
    """Make a member known in the store where the actor works, or in one of theirs in the member's circle."""
    here, seen = actor().store, stores_seen()
    stores = seen if seen is not None else [here] if here is not None else []
    if stores:
        await execute(_LINK, member, stores, here, access.DEFAULT_CIRCLE)
