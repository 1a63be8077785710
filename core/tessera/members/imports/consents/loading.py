"""Keeping the words of a list, each at its moment, and taking them back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.tabular import Row
from tessera.members.identities import Known
from tessera.members.imports.consents.reading import Draft, Reader, Refused, plan
from tessera.members.imports.contract import Outcome, Undone
from tessera.members.imports.undoing import refuse_if
from tessera.members.imports.whose import Missing, People, people
from tessera.members.service.agreeing import Word, say, unsay
from tessera.members.service.children import GuardianNeeded, need_guardian
from tessera_hooks import Text, _

KIND = "consents"


class ConsentLoader:
    """Imports lists of consents. ``source`` names the system whose ids the list holds."""

    def __init__(self, source: str, mapping: Mapping[str, str] | None = None) -> None:
        self.source = source
        self.mapping = mapping or {}
        self.reader: Reader

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means, and say which are ignored."""
        fields, remarks = plan(columns, self.mapping)
        self.reader = Reader(fields, self.source)
        return remarks

    def group(self, row: Row) -> Hashable | None:
        """Words stand alone: their moments order them."""
        return None

    def parse(self, rows: Sequence[Row]) -> list[Draft | Refused]:
        """The rows as values."""
        return [self.reader.draft(row) for row in rows]

    async def load(self, parsed: list[Draft | Refused], batch: UUID) -> Sequence[Outcome]:
        """Keep the words of a chunk, each in the order of the file."""
        drafts = [one for one in parsed if isinstance(one, Draft)]
        who = await _people(drafts)
        ids = sorted({found for draft in drafts if (found := who.find(draft.who)) is not None})
        await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids)
        who = await _people(drafts)  # whoever was merged before the lock was there is someone else now
        known = await _known(ids)
        return [await self._say(one, who, known) if isinstance(one, Draft) else _rejected(one) for one in parsed]

    async def _say(self, draft: Draft, who: People, known: set[tuple[Any, ...]]) -> Outcome:
        try:
            member = who.of(draft.who)
        except Missing as refusal:
            return Outcome(draft.line, "rejected", reason=refusal.reason)
        named = who.find(draft.by) if draft.by is not None else None
        given_by = draft.by if isinstance(draft.by, str) and named is None else ""
        if isinstance(draft.by, Known) and named is None:
            return Outcome(draft.line, "rejected", reason=_("whoever agreed for the member is not known here"))
        try:
            guardian = await need_guardian(member, named, granted=draft.state == "granted")
        except GuardianNeeded as refusal:
            return Outcome(draft.line, "rejected", reason=refusal.text)
        word = Word(
            member, draft.purpose, draft.channel, draft.state, draft.at, draft.source, draft.wording, given_by, guardian
        )
        contents = _contents(word)
        if contents in known:
            return Outcome(draft.line, "unchanged", member)
        another = any(seen[:3] == contents[:3] for seen in known)
        known.add(contents)
        holds = await say(word)
        # an older word is added to the history; one that holds from now on changes what was said before
        return Outcome(draft.line, "updated" if holds and another else "created", member)


def _contents(word: Word) -> tuple[Any, ...]:
    return (
        word.member, word.purpose, word.channel, word.state, word.at, word.source, word.wording, word.given_by,
        word.guardian,
    )  # fmt: skip


def _rejected(refused: Refused) -> Outcome:
    return Outcome(refused.line, "rejected", reason=refused.reason)


async def _people(drafts: Sequence[Draft]) -> People:
    """Those whom the rows name, as far as the importer may change them."""
    return await people(one for draft in drafts for one in (draft.who, draft.by) if one is not None)


async def _known(members: Sequence[UUID]) -> set[tuple[Any, ...]]:
    rows = await fetch(
        "SELECT member, purpose, channel, state, at, source, wording, given_by, guardian FROM consent_word "
        "WHERE member = ANY($1)",
        members,
    )
    return {tuple(row) for row in rows}


async def undo_consents(batch: UUID) -> Undone:
    """Take back what a list said: the words before hold again, a newer one stays.

    Refused while one of its members lives on in another: the merge has to say first whose each word is.
    """
    merged = await fetchval(
        "SELECT count(DISTINCT m.id) FROM consent c JOIN member m ON m.id = c.member "
        "WHERE c.batch = $1 AND m.merged_into IS NOT NULL",
        batch,
    )
    refuse_if([_("{count} of its members were merged since: undo that first", count=merged)] if merged else [])
    rows = await fetch(
        "SELECT DISTINCT member, purpose, channel FROM consent_word WHERE batch = $1 ORDER BY member", batch
    )
    await fetch(
        "SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", sorted({row["member"] for row in rows})
    )
    removed = await execute("DELETE FROM consent_word WHERE batch = $1", batch)
    restored = [await unsay(row["member"], row["purpose"], row["channel"], batch) for row in rows]
    return Undone(batch, removed, sum(restored))
