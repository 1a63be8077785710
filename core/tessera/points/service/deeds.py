"""Deeds: points for what members do beside buying, each once as its rule says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.access.service import store_of
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.members.service import account_of, hold, need_visible
from tessera.points.earning import known as asking
from tessera.points.earning.caps import given_before
from tessera.points.earning.known import NOTHING
from tessera.points.earning.matching import is_then_and_there
from tessera.points.earning.reckoning import Worth, reckon
from tessera.points.earning.rules import Version, deeds_in_force, in_force
from tessera.points.earning.shipped import AUTOMATIC, DEEDS
from tessera.points.ledger import EntryRow, Posting, settling
from tessera.points.service.earning import Earning, book_worths, say_earned_points
from tessera_hooks import Award, EarningSpec, Text, _

SOURCE = "deed"
"""The source of entries that a deed brought; their ``source_id`` is its row."""

LONGEST_SUBJECT = 120


class DeedDone(Conflict):
    """The deed has brought its points already, or there are none left to give for it."""

    code = "deed_done"


@dataclass(frozen=True)
class DeedChoice:
    """A deed that staff can note, and the points that it brings."""

    code: str
    title: Text
    points: int


@dataclass(frozen=True)
class _Doing:
    """A deed as it is done: where, about what, when, and the purchase that it hangs on."""

    deed: str
    store: UUID | None
    subject: str
    at: datetime
    purchase: UUID | None


_CLAIM = """
INSERT INTO deed (id, account, deed, rule, once, subject, store, at, actor, purchase)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::uuid, $8::timestamptz, $9::text, $10::uuid
WHERE NOT EXISTS (
    SELECT 1 FROM deed d JOIN account a ON a.id = d.account JOIN account own ON own.member = a.member
    WHERE own.id = $2 AND d.rule = $4 AND d.once = $5)
ON CONFLICT (account, rule, once) DO NOTHING RETURNING id
"""
"""A unique key holds it for one account; that no other account of the member has it is seen under their lock."""


def deed_title(code: str) -> Text:
    """How a deed is called: one of the business's own after its rule."""
    if code in DEEDS:
        return DEEDS[code]
    named = [version.shown for version in deeds_in_force(clock.now(), None) if version.spec.deed == code]
    return next(iter(named), Text(code))


def deeds_by_hand(store: UUID | None) -> list[DeedChoice]:
    """The deeds that staff of a store can note now; what Tessera notices itself is not among them."""
    here = [v for v in deeds_in_force(clock.now(), store) if v.spec.deed not in AUTOMATIC and _is_here(v.spec, store)]
    found: dict[str, DeedChoice] = {}
    for version in here:
        code, before = str(version.spec.deed), found.get(str(version.spec.deed))
        points = getattr(version.spec.earns, "points", 0) + (before.points if before else 0)
        found[code] = DeedChoice(code, DEEDS.get(code, version.shown), points)
    return list(found.values())


def _is_here(spec: EarningSpec, store: UUID | None) -> bool:
    facts = store_of(store)
    return not spec.stores or facts is None or facts.code in spec.stores


async def note_deed(member: UUID, deed: str, *, store: UUID | None = None) -> list[EntryRow]:
    """Note a deed by hand, for someone whom the actor may give points; refused where it brings none."""
    here = await need_visible(member, "points.write")
    if deed not in {choice.code for choice in deeds_by_hand(store)}:
        message = _("no points are given for this now")
        raise Invalid(message, [FieldError("deed", message)])

    async def work() -> list[EntryRow]:
        entries = await record_deed(here, deed, store=store)
        if not entries:
            raise DeedDone(_("{deed}: this has brought its points already", deed=deed_title(deed)), deed=deed)
        points = sum(entry.amount for entry in entries)
        await audit.note("points.deed_noted", member=here, subject=("entry", entries[0].id), store=store, amount=points)
        return entries

    return await in_transaction(work)


async def record_deed(
    member: UUID,
    deed: str,
    *,
    store: UUID | None = None,
    subject: str = "",
    at: datetime | None = None,
    purchase: UUID | None = None,
) -> list[EntryRow]:
    """Give what the rules in force give for a deed, an entry for each; none where none does, or it was done before.

    ``subject`` is what it was done about, an id or a code, for rules that count it once for each. ``purchase`` is
    the one that it hangs on: when all of that has come back, so have the points. Safe to call again for the same
    deed: a unique key holds it, and entries are booked with it or not at all.
    """
    if len(subject) > LONGEST_SUBJECT or "\x00" in subject:
        message = _("at most {limit} characters", limit=LONGEST_SUBJECT)
        raise Invalid(message, [FieldError("subject", message)])
    moment = (at or clock.now()).astimezone(clock.zone(_zone(store)))
    if not in_force(moment, store, deed):
        return []

    async def work() -> list[EntryRow]:
        here = await hold(member)
        doing = _Doing(deed, store, subject, moment, purchase)
        return await _record(await account_of(here), here, doing)

    return await in_transaction(work)


def _zone(store: UUID | None) -> str:
    facts = store_of(store)
    return facts.timezone if facts else business().timezone


async def _record(account: UUID, member: UUID, doing: _Doing) -> list[EntryRow]:
    award = await _award(member, doing)
    rules = [v for v in in_force(doing.at, doing.store, doing.deed) if is_then_and_there(v.spec, award)]
    known = await asking.look(award, rules) or NOTHING
    worths = reckon(award, rules, known)
    if not worths:
        return []
    posting = await Posting.open([account], held=True)
    given = await given_before({member: [award]}, worths)
    earning, entries = Earning(account, award, held=True), list[EntryRow]()
    for worth in given.cut(award, worths):
        claimed = await _claim(earning, worth.version, doing)
        if claimed is not None:
            entries += _book(posting, earning, worth, claimed)
    say_earned_points(posting, earning, entries, doing.deed)
    await posting.settle(settling(posting.now))
    await posting.write()
    return entries


async def _award(member: UUID, doing: _Doing) -> Award:
    row = await fetchrow("SELECT tier FROM member WHERE id = $1", member)
    tier = row["tier"] if row is not None else None
    return Award(member, tier, doing.store, doing.deed, doing.at, business().currency, 0)


async def _claim(earning: Earning, version: Version, doing: _Doing) -> UUID | None:
    """The row of the deed; ``None`` where it was done before."""
    id_, award = uuid7(), earning.award
    day = clock.local_day(award.at, business().timezone).isoformat()
    once = {"always": str(id_), "day": day, "subject": doing.subject, "ever": ""}[version.spec.once]
    claimed: UUID | None = await fetchval(
        _CLAIM,
        id_,
        earning.account,
        doing.deed,
        version.code,
        once,
        doing.subject,
        award.store,
        award.at,
        str(actor().label)[:200],
        doing.purchase,
    )
    return claimed


def _book(posting: Posting, earning: Earning, worth: Worth, claimed: UUID) -> Sequence[EntryRow]:
    award = earning.award
    entries = book_worths(posting, earning, [worth], source=SOURCE, source_id=claimed)
    posting.say(
        "points.deed_done",
        member=award.member,
        store=award.store,
        at=award.at,
        deed=award.reason,
        rule=worth.version.code,
        entry=entries[0].id,
        points=worth.points,
    )
    return entries
