"""Changing what tiers there are: added, changed, put into another order, archived."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from tessera.access import audit
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES
from tessera.members.normalise import plain
from tessera.members.service.tags import TONES
from tessera.tiers.metrics import all_metrics
from tessera.tiers.service.defined import Benefits, Criteria, TierFacts, read_tiers, tier_by_code
from tessera_hooks import _

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
RESERVED = frozenset({"new", "scheme", "apply"})
LONGEST_NAME, LONGEST_WORDS, MOST = 60, 500, 50
LARGEST = 10**15
MOST_FACTOR = 100


class TierTaken(Conflict):
    """Another tier has the code."""

    code = "tier_taken"


async def add_tier(
    name: Mapping[str, str],
    *,
    code: str = "",
    tone: str = "",
    criteria: Criteria | None = None,
    benefits: Benefits | None = None,
) -> TierFacts:
    """Add a tier above all others, and answer it; the code is made of the name unless one is given."""
    wanted = check_tier(TierFacts(code, 1, _names(name), tone, criteria or Criteria(), benefits or Benefits()))

    async def work() -> str:
        await _lock()
        chosen = await _code(code.strip().lower(), wanted.name)
        rank = await fetchval("SELECT coalesce(max(rank), 0) + 1 FROM tier")
        await _save(replace(wanted, code=chosen, rank=rank))
        await audit.note("tiers.added", tier=chosen)
        return chosen

    made = await in_transaction(work)
    await _let_everyone_know()
    return tier_by_code(made)


async def change_tier(
    code: str, name: Mapping[str, str], *, tone: str, criteria: Criteria, benefits: Benefits
) -> TierFacts:
    """Change how a tier is called, what it asks for and what it gives; nobody is moved by this alone."""

    async def work() -> None:
        await _lock()
        tier = tier_by_code(code)
        asks = Criteria() if tier.is_first else criteria
        wanted = check_tier(replace(tier, name=_names(name), tone=tone, criteria=asks, benefits=benefits))
        if wanted != tier:
            await _save(replace(wanted, version=tier.version + 1))
            await audit.note("tiers.changed", tier=tier.code, version=tier.version + 1)

    await in_transaction(work)
    await _let_everyone_know()
    return tier_by_code(code)


async def move_tier(code: str, *, up: bool) -> None:
    """Put a tier above or below its neighbour; the first one stays where it is."""

    async def work() -> None:
        await _lock()
        rows = await fetch("SELECT * FROM tier WHERE rank > 0 ORDER BY rank")
        active = [row["code"] for row in rows if row["archived_at"] is None]
        place = active.index(tier_by_code(code).code) if code in active else -1
        other = place + (1 if up else -1)
        if place < 0 or not 0 <= other < len(active):
            return
        ranks = {row["code"]: row["rank"] for row in rows}
        one, two = active[place], active[other]
        await execute("UPDATE tier SET rank = rank + 100000 WHERE code = ANY($1)", [one, two])
        for which, rank in ((one, ranks[two]), (two, ranks[one])):
            await execute("UPDATE tier SET rank = $2, version = version + 1 WHERE code = $1", which, rank)
        await generation.bump()
        await audit.note("tiers.moved", tier=one, up=up)

    await in_transaction(work)
    await _let_everyone_know()


async def archive_tier(code: str, *, archived: bool = True) -> None:
    """Take a tier out of use, or back: nobody new reaches it, who has it keeps it until the qualification ends."""

    async def work() -> None:
        await _lock()
        tier = tier_by_code(code, archived=True)
        if tier.is_first:
            raise Conflict(_("members begin with this tier: it stays"))
        await execute("UPDATE tier SET archived_at = $2 WHERE code = $1", tier.code, clock.now() if archived else None)
        await generation.bump()
        await audit.note("tiers.archived" if archived else "tiers.brought_back", tier=tier.code)

    await in_transaction(work)
    await _let_everyone_know()


async def _lock() -> None:
    """One change of tiers after another; what is remembered may be old until then."""
    await execute("LOCK TABLE tier IN SHARE ROW EXCLUSIVE MODE")
    await read_tiers()


async def _let_everyone_know() -> None:
    """Let this process read anew at once; others do within a moment."""
    await generation.refresh()


_SAVE = """
INSERT INTO tier (id, code, name, rank, tone, criteria, benefits, version, changed_at)
VALUES ($1, $2, $3::jsonb, $4, $5, $6::jsonb, $7::jsonb, $8, $9)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, tone = excluded.tone, criteria = excluded.criteria,
    benefits = excluded.benefits, version = excluded.version, changed_at = excluded.changed_at
"""


async def _save(tier: TierFacts) -> None:
    values = [msgspec.json.encode(part).decode() for part in (tier.name, tier.criteria, tier.benefits)]
    moment = clock.now()
    await execute(
        _SAVE, uuid7(), tier.code, values[0], tier.rank, tier.tone, values[1], values[2], max(tier.version, 1), moment
    )
    await generation.bump()


async def _code(given: str, name: Mapping[str, str]) -> str:
    """The code that was given, or one made of the name; refused where it is taken."""
    taken = {row["code"] for row in await fetch("SELECT code FROM tier")} | RESERVED
    if given:
        if not CODE.match(given) or given in RESERVED:
            message = _("write a short code of small letters, digits and dashes, such as gold")
            raise Invalid(message, [FieldError("code", message)])
        if given in taken:
            raise TierTaken(_('there is a tier "{code}" already: choose another code', code=given), field="code")
        return given
    words = re.sub(r"[^a-z0-9]+", "-", name.get("en", "").lower()).strip("-")[:30]
    stem = words if words and CODE.match(words) else "tier"
    numbered = (f"{stem}-{n}" for n in range(2, 1000))
    return stem if stem not in taken and stem != "tier" else next(one for one in numbered if one not in taken)


def _names(name: Mapping[str, str]) -> dict[str, str]:
    """The names in the languages that there are, at least one of them."""
    cleaned = {locale: plain(name[locale]) for locale in LOCALES if plain(name.get(locale, ""))}
    if not cleaned or any(len(one) > LONGEST_NAME for one in cleaned.values()):
        message = _("give a name of at most {limit} characters", limit=LONGEST_NAME)
        raise Invalid(message, [FieldError("name", message)])
    return cleaned


def check_tier(tier: TierFacts) -> TierFacts:
    """A tier with values that can be kept, or a refusal that names the field."""
    wrong = [*_wrong_criteria(tier.criteria), *_wrong_benefits(tier.benefits)]
    if tier.tone and tier.tone not in TONES:
        wrong.append(FieldError("tone", _("choose one of: {known}", known=", ".join(TONES))))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    return tier


def _wrong_criteria(criteria: Criteria) -> list[FieldError]:
    known = all_metrics()
    wrong = [
        FieldError(name, _("there is no metric {name}: choose one of {known}", name=name, known=", ".join(known)))
        for name in criteria.asks
        if name not in known
    ]
    amount = _("give a number above zero")
    return wrong + [FieldError(name, amount) for name, least in criteria.asks.items() if not 0 < least <= LARGEST]


def _wrong_benefits(benefits: Benefits) -> list[FieldError]:
    wrong = []
    if not 0 <= benefits.discount <= 100 or benefits.discount != round(benefits.discount, 2):
        wrong.append(FieldError("discount", _("give a percentage from 0 to 100")))
    if not 0 < benefits.multiplier <= MOST_FACTOR or benefits.multiplier != round(benefits.multiplier, 4):
        wrong.append(FieldError("multiplier", _("give a factor above zero, such as 1.5")))
    if len(benefits.services) > MOST or any(len(one) > LONGEST_WORDS for one in benefits.services):
        wrong.append(FieldError("services", _("at most {limit} lines", limit=MOST)))
    if len(benefits.categories) > MOST or any(len(one) > LONGEST_WORDS for one in benefits.categories):
        wrong.append(FieldError("categories", _("at most {limit} lines", limit=MOST)))
    if len(benefits.birthday) > LONGEST_WORDS:
        wrong.append(FieldError("birthday", _("at most {limit} characters", limit=LONGEST_WORDS)))
    return wrong
