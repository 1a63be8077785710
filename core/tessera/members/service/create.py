"""Becoming a member: one transaction for the person, what identifies them, and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.service.lookups import Cost, count_lookup
from tessera.kernel import clock, generation
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.events import current_batch, emit
from tessera.kernel.ids import uuid7
from tessera.members import names
from tessera.members.identities import SHARED, Known, remember_source
from tessera.members.labels import GENDERS, STAGES
from tessera.members.normalise import Birthday, normalise_name, told_by_resident_id
from tessera.members.numbers import next_numbers
from tessera.members.service import checks
from tessera.members.service.agreeing import set_consent
from tessera.members.service.checks import Checks, taken
from tessera.members.service.duplicates import note_entered
from tessera.members.service.fields import Checked, take_custom, write_custom
from tessera.members.service.notes import add_note
from tessera.members.service.profiles import write_profiles
from tessera.members.service.responsible import claim
from tessera.members.service.scope import home_store, is_visible
from tessera.members.service.tags import clean_tags, write_tags
from tessera.members.service.tokens import token_rows, write_tokens
from tessera.members.service.views import BIRTHDAY, birthday_columns
from tessera_hooks import _

MOST_IDENTITIES = 50
"""Identities that someone may bring along; more can be added one by one."""


@dataclass(frozen=True, kw_only=True)
class NewMember:
    """What is known of someone who becomes a member, as it was typed; a name or one identity is needed.

    ``identities`` are pairs of kind and value beside phone and e-mail. ``when_taken`` says what to do
    with a phone or address that identifies someone else: refuse, or keep it as a contact.
    ``consents`` are (purpose, channel, state), said at ``consent_source``. ``custom`` holds the fields that
    the business added; where it is given at all, those that are required must be in it.
    """

    name: str = ""
    phone: str | None = None
    email: str | None = None
    gender: str | None = None
    birthday: str | None = None
    address: str | None = None
    language: str | None = None
    timezone: str | None = None
    store: UUID | None = None
    source: str | None = None
    stage: str = "new"
    joined_on: date | str | None = None
    identities: Sequence[tuple[str, str]] = ()
    consents: Sequence[tuple[str, str, Literal["granted", "refused"]]] = ()
    consent_source: str = "desk"
    note: str = ""
    tags: Sequence[str] = ()
    custom: Mapping[str, Any] | None = None
    profiles: Mapping[str, Any] = field(default_factory=dict)
    when_taken: Literal["refuse", "contact"] = "refuse"


@dataclass(frozen=True)
class _Checked:
    name: str
    gender: str | None
    birthday: Birthday | None
    address: str | None
    language: str | None
    timezone: str | None
    source: str | None
    joined_on: date | None
    identities: list[tuple[str, Known]]
    custom: Checked


def _checked(new: NewMember) -> _Checked:
    """The values as they are stored, or a refusal that names every wrong field."""
    check = Checks()
    if len(new.identities) > MOST_IDENTITIES:
        check.wrong("identities", _("at most {limit} at once", limit=MOST_IDENTITIES))
        check.finish()
    known: list[tuple[str, Known]] = []
    for place, kind, text in (
        ("phone", "phone", new.phone),
        ("email", "email", new.email),
        *(("identities", kind, value) for kind, value in new.identities),
    ):
        one = check.take(place, text, checks.identity_of(kind))
        if one is not None and one not in [k for _place, k in known]:
            known.append((place, one))
    values = _Checked(
        name=check.take("name", new.name, normalise_name) or "",
        gender=check.take("gender", new.gender, checks.one_of(list(GENDERS), _("choose female, male or other"))),
        birthday=check.take("birthday", new.birthday, checks.birthday_of),
        address=check.take("address", new.address, checks.short_text(checks.LONGEST_TEXT)),
        language=check.take("language", new.language, checks.language_of),
        timezone=check.take("timezone", new.timezone, checks.timezone_of),
        source=check.take("source", new.source, checks.short_text(checks.LONGEST_SOURCE)),
        joined_on=check.take("joined_on", str(new.joined_on or ""), checks.joined_of),
        identities=known,
        custom=take_custom(check, new.custom or {}, complete=new.custom is not None),
    )
    values = _told_by_resident_id(values)
    if new.stage not in STAGES:
        check.wrong("stage", _("choose one of: {known}", known=", ".join(STAGES)))
    if not values.name and not known:
        check.wrong("name", _("give a name, or one identity such as a phone"))
    check.finish()
    return values


def _told_by_resident_id(values: _Checked) -> _Checked:
    """Date of birth and sex out of a resident id, which tells both, where they were not given."""
    number = next((known.value for _place, known in values.identities if known.kind == "resident_id"), None)
    if number is None:
        return values
    born, sex = told_by_resident_id(number)
    birthday = values.birthday or Birthday(born.year, born.month, born.day)
    return replace(values, birthday=birthday, gender=values.gender or sex)


async def create_member(new: NewMember) -> UUID:
    """Make someone a member and answer their id.

    A phone or other identity that belongs to someone else refuses with ``identity_taken``, however
    many try at once: the database holds each identity once. ``when_taken="contact"`` keeps such a
    phone or address as a contact instead.
    """
    values = _checked(new)
    store = home_store(new.store)
    if values.identities:
        await count_lookup(*[known for _place, known in values.identities], cost=Cost.CHEAP)

    async def work() -> UUID:
        member, number = uuid7(), (await next_numbers(1))[0]
        key = names.name_key(values.name)
        await _insert(member, number, key, new, values, store)
        tails = await _identify(member, values, new.when_taken)
        for _place, known in values.identities:
            if known.kind == "external":
                await remember_source(known.value.partition(":")[0])
        await write_tokens(token_rows(member, values.name, key, number, tails))
        await note_entered(member)
        await emit("member.created", member=member, store=store, number=number)
        await audit.note("members.created", member=member, store=store)
        await claim(member, store)
        for purpose, channel, state in new.consents:
            await set_consent(member, purpose, channel, state, source=new.consent_source)
        if new.note.strip():
            await add_note(member, new.note)
        await write_custom(member, values.custom)
        if new.tags:
            await write_tags([member], clean_tags(new.tags), [], field="tags")
        await write_profiles(member, new.profiles)
        return member

    made = await in_transaction(work)
    await generation.refresh()
    return made


async def _insert(member: UUID, number: str, key: str, new: NewMember, values: _Checked, store: UUID | None) -> None:
    now = clock.now()
    await execute(
        "INSERT INTO member (id, number, name, name_key, gender, address, language, timezone, store, source, stage, "
        f"joined_on, batch, created_at, updated_at, version, {', '.join(BIRTHDAY)}) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 1, $15, $16, $17, $18, $19, $20)",
        member,
        number,
        values.name,
        key,
        values.gender,
        sealing.seal(values.address) if values.address else None,
        values.language,
        values.timezone,
        store,
        values.source,
        new.stage,
        values.joined_on or business().today(),
        current_batch(),
        now,
        *birthday_columns(values.birthday).values(),
    )
    await execute("INSERT INTO account (id, member, created_at) VALUES ($1, $2, $3)", uuid7(), member, now)
    if store is not None:
        await execute("INSERT INTO member_store (member, store) VALUES ($1, $2)", member, store)


async def _identify(member: UUID, values: _Checked, when_taken: str) -> list[str]:
    """Give a new member their identities and answer the tails of their phones."""
    tails = []
    for place, known in values.identities:
        if await insert_identity(member, known) is None:
            if when_taken != "contact" or known.kind not in SHARED:
                raise taken(place, await _visible_holder(known))
            await add_contact(member, known)
        if known.kind == "phone":
            tails.append(known.tail)
    return tails


_ADD = """
INSERT INTO identity (id, member, kind, lookup, sealed, tail, is_primary, verified, batch, created_at)
VALUES ($1, $2, $3::text, $4, $5, $6,
    NOT EXISTS (SELECT 1 FROM identity i WHERE i.member = $2 AND i.kind = $3::text AND i.is_primary), $7, $8, $9)
ON CONFLICT (kind, lookup) DO NOTHING RETURNING id
"""


async def insert_identity(member: UUID, known: Known, *, verified: bool = False) -> UUID | None:
    """Write an identity and answer its id, ``None`` where it is taken; the first of its kind is primary."""
    added: UUID | None = await fetchval(
        _ADD,
        uuid7(),
        member,
        known.kind,
        known.lookup,
        known.sealed,
        known.tail,
        verified,
        current_batch(),
        clock.now(),
    )
    return added


async def add_contact(member: UUID, known: Known) -> None:
    """Note that a member is reached under a phone or address that identifies someone else."""
    await execute(
        "INSERT INTO contact (id, member, kind, lookup, sealed, tail, batch, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (member, kind, lookup) DO NOTHING",
        uuid7(),
        member,
        known.kind,
        known.lookup,
        known.sealed,
        known.tail,
        current_batch(),
        clock.now(),
    )


async def holder_of(known: Known) -> UUID | None:
    """Whom an identity belongs to."""
    found: UUID | None = await fetchval(
        "SELECT member FROM identity WHERE kind = $1 AND lookup = $2", known.kind, known.lookup
    )
    return found


async def _visible_holder(known: Known) -> UUID | None:
    holder = await holder_of(known)
    return holder if holder is not None and await is_visible(holder) else None
