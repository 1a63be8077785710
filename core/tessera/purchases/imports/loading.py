"""Importing receipts: one row a line, rows of one receipt loaded together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from uuid import UUID

from tessera.access.service.stores import StoreFacts
from tessera.kernel.tabular import Row
from tessera.members.imports import Outcome
from tessera.members.imports.arranging import by_group
from tessera.purchases.imports.chunk import Chunk
from tessera.purchases.imports.columns import plan
from tessera.purchases.imports.receipts import Reader, Receipt, Refused
from tessera_hooks import Text

KIND = "purchases"


class PurchaseLoader:
    """Imports receipts, one row a line. Rows of one receipt may stand anywhere in the file."""

    def __init__(
        self,
        source: str,
        *,
        currency: str,
        store: StoreFacts | None = None,
        earn: bool = False,
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        self.source = source
        self.currency = currency
        self.store = store
        self.earn = earn
        self.mapping = mapping or {}
        self.reader: Reader

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means."""
        decided = plan(columns, self.mapping)
        self.reader = Reader(decided, self.source, self.currency, self.store)
        return decided.remarks

    def arrange(self, given: Iterator[Row]) -> Iterator[Row]:
        """Receipt by receipt; cancellations, whose numbers begin with a letter, after what they cancel."""
        return by_group(given, self.reader.number)

    def group(self, row: Row) -> Hashable | None:
        """A receipt is loaded as a whole."""
        return self.reader.number(row)

    def parse(self, given: Sequence[Row]) -> list[Receipt | Refused]:
        """The rows as receipts."""
        return list(self.reader.receipts(given))

    async def load(self, parsed: list[Receipt | Refused], batch: UUID) -> Sequence[Outcome]:
        """Write a chunk and say what became of each row."""
        receipts = [one for one in parsed if isinstance(one, Receipt)]
        chunk = Chunk(self.source, self.currency, batch, earn=self.earn)
        await chunk.look(receipts)
        await chunk.write()
        outcomes = [outcome for receipt in receipts for outcome in chunk.outcomes(receipt)]
        for one in parsed:
            if isinstance(one, Refused):
                outcomes += [Outcome(line, "rejected", reason=one.reason) for line in one.lines]
        return outcomes
