"""Replaying the ledger: does everything that is kept beside the entries follow from them?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval


@dataclass(frozen=True)
class Difference:
    """One place where two things that must agree do not: what it is of, what is kept and what follows."""

    what: str
    id: UUID
    unit: str
    kept: int | None
    follows: int | None

    def __str__(self) -> str:
        if self.kept is None and self.follows is None:
            return f"{self.what} {self.id} ({self.unit}): not that of its entry"
        return f"{self.what} of {self.id} ({self.unit}): kept {self.kept}, the entries give {self.follows}"


_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "balance",
        """
        SELECT coalesce(b.account, e.account) AS id, coalesce(b.unit, e.unit) AS unit,
               b.balance AS kept, e.amount AS follows
        FROM balance b FULL JOIN (SELECT account, unit, sum(amount)::bigint AS amount FROM entry GROUP BY 1, 2) e
          USING (account, unit)
        WHERE coalesce(b.balance, 0) <> coalesce(e.amount, 0) OR b.account IS NULL
        """,
    ),
    (
        "debt",
        """
        SELECT account AS id, unit, b.debt AS kept, coalesce(e.debt, 0) AS follows
        FROM balance b LEFT JOIN (SELECT account, unit, sum(debt_change)::bigint AS debt FROM entry GROUP BY 1, 2) e
          USING (account, unit)
        WHERE b.debt <> coalesce(e.debt, 0)
        """,
    ),
    (
        "sum of lots less debt",
        """
        SELECT account AS id, unit, coalesce(l.remaining, 0) - b.debt AS kept, b.balance AS follows
        FROM balance b LEFT JOIN (SELECT account, unit, sum(remaining)::bigint AS remaining FROM lot GROUP BY 1, 2) l
          USING (account, unit)
        WHERE coalesce(l.remaining, 0) - b.debt <> b.balance
        """,
    ),
    (
        "number of entries",
        """
        SELECT account AS id, unit, CASE WHEN b.seq = coalesce(e.n, 0) THEN e.last ELSE b.seq END AS kept,
               coalesce(e.n, 0) AS follows
        FROM balance b LEFT JOIN (SELECT account, unit, count(*) AS n, max(seq) AS last FROM entry GROUP BY 1, 2) e
          USING (account, unit)
        WHERE b.seq <> coalesce(e.n, 0) OR e.last <> e.n
        """,
    ),
    (
        "remainder of lot",
        """
        SELECT l.id, l.unit, l.remaining AS kept, l.amount - coalesce(a.taken, 0) AS follows
        FROM lot l LEFT JOIN (SELECT lot, sum(amount)::bigint AS taken FROM allocation GROUP BY 1) a ON a.lot = l.id
        WHERE l.remaining <> l.amount - coalesce(a.taken, 0)
        """,
    ),
    (
        "running balance of entry",
        """
        SELECT id, unit, balance AS kept, running AS follows
        FROM (SELECT id, unit, balance, sum(amount) OVER (PARTITION BY account, unit ORDER BY seq)::bigint AS running
              FROM entry) r
        WHERE balance <> running
        """,
    ),
    (
        "allocations of entry",
        """
        SELECT e.id, e.unit, coalesce(a.taken, 0) + e.debt_change AS kept,
               coalesce(l.amount, 0) - e.amount AS follows
        FROM entry e
          LEFT JOIN (SELECT entry, sum(amount)::bigint AS taken FROM allocation GROUP BY 1) a ON a.entry = e.id
          LEFT JOIN lot l ON l.entry = e.id
        WHERE coalesce(a.taken, 0) + e.debt_change <> coalesce(l.amount, 0) - e.amount
        """,
    ),
    (
        "account of what was taken",
        """
        SELECT e.id, e.unit, NULL::bigint AS kept, NULL::bigint AS follows
        FROM allocation a JOIN entry e ON e.id = a.entry JOIN lot l ON l.id = a.lot
        WHERE e.account <> l.account OR e.unit <> l.unit
        """,
    ),
    (
        "account of lot",
        """
        SELECT l.id, l.unit, NULL::bigint AS kept, NULL::bigint AS follows FROM lot l JOIN entry e ON e.id = l.entry
        WHERE e.account <> l.account OR e.unit <> l.unit
        """,
    ),
    (
        "purchase of lot",
        """
        SELECT l.id, l.unit, NULL::bigint AS kept, NULL::bigint AS follows FROM lot l JOIN entry e ON e.id = l.entry
        WHERE l.purchase IS DISTINCT FROM CASE WHEN e.kind IN ('earn', 'credit', 'transfer') THEN e.purchase END
        """,
    ),
    (
        "opening of lot, in seconds since 1970",
        """
        SELECT id, unit, extract(epoch FROM opens_at)::bigint AS kept, extract(epoch FROM opens)::bigint AS follows
        FROM (SELECT l.id, l.unit, l.opens_at, coalesce((e.facts ->> 'opens_at')::timestamptz,
                  CASE WHEN e.kind IN ('earn', 'credit', 'transfer') THEN e.at ELSE e.recorded_at END) AS opens
              FROM lot l JOIN entry e ON e.id = l.entry) o
        WHERE opens_at <> opens
        """,
    ),
    (
        "whether activity keeps lot",
        """
        SELECT l.id, l.unit, l.idle::int::bigint AS kept, (e.facts ? 'idle')::int::bigint AS follows
        FROM lot l JOIN entry e ON e.id = l.entry WHERE l.idle <> (e.facts ? 'idle')
        """,
    ),
    (
        "kind of entry, by the sign of its amount and of what it forgives",
        """
        SELECT id, unit, amount AS kept, forgiven AS follows FROM entry
        WHERE CASE kind WHEN 'earn' THEN amount <= 0 WHEN 'credit' THEN amount <= 0 WHEN 'debit' THEN amount >= 0
                  WHEN 'expire' THEN amount >= 0 WHEN 'take_back' THEN amount > 0 WHEN 'extend' THEN amount <> 0
                  ELSE kind NOT IN ('transfer', 'undo', 'reverse') END
            OR forgiven < 0 OR forgiven > 0 AND kind NOT IN ('take_back', 'reverse')
        """,
    ),
    (
        "expiry of lot, in seconds since 1970",
        """
        SELECT l.id, l.unit, extract(epoch FROM l.expires_at)::bigint AS kept,
               extract(epoch FROM coalesce(m.moves_to, e.expires_at))::bigint AS follows
        FROM lot l JOIN entry e ON e.id = l.entry LEFT JOIN entry m ON m.id = l.moved_by
        WHERE l.expires_at IS DISTINCT FROM CASE WHEN l.moved_by IS NULL THEN e.expires_at ELSE m.moves_to END
        """,
    ),
    (
        "what was taken back of entry",
        """
        SELECT e.id, e.unit, r.back AS kept, abs(e.amount) AS follows
        FROM (SELECT reverses, sum(abs(amount) + forgiven)::bigint AS back FROM entry b WHERE reverses IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.reverses = b.id AND u.kind = 'undo')
              GROUP BY 1) r JOIN entry e ON e.id = r.reverses
        WHERE r.back > abs(e.amount)
        """,
    ),
    (
        "what went back into a lot by entry",
        """
        SELECT n.entry AS id, l.unit, n.taken AS kept, 0::bigint AS follows
        FROM (SELECT coalesce(p.reverses, e.reverses, e.id) AS entry, a.lot, sum(a.amount)::bigint AS taken
              FROM allocation a JOIN entry e ON e.id = a.entry LEFT JOIN entry p ON p.id = e.reverses
              GROUP BY 1, 2 HAVING sum(a.amount) < 0) n JOIN lot l ON l.id = n.lot
        """,
    ),
    (
        "version of the rule of entry",
        """
        SELECT e.id, e.unit, e.rule_version::bigint AS kept, max(r.version)::bigint AS follows
        FROM entry e JOIN earning_rule r ON r.code = e.rule WHERE e.rule_version IS NOT NULL
        GROUP BY e.id, e.unit, e.rule_version HAVING NOT bool_or(r.version = e.rule_version)
        """,
    ),
    (
        "debt beside what the member holds",
        """
        SELECT b.account AS id, b.unit, b.debt AS kept, 0::bigint AS follows
        FROM balance b JOIN account a ON a.id = b.account
        WHERE b.debt > 0 AND EXISTS (
            SELECT 1 FROM account o JOIN lot l ON l.account = o.id AND l.unit = b.unit
            WHERE o.member = a.member AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > $2::timestamptz))
        """,
    ),
)
"""What must agree, each as a query for where it does not: L1, L2, L4, L8 and L11. ``$2`` is the present moment."""


async def _nobody(_done: int, _total: int) -> None:
    return None


async def verify(limit: int = 1000, told: Callable[[int, int], Awaitable[None]] = _nobody) -> Sequence[Difference]:
    """Replay all entries and name every difference; at most ``limit`` of each kind.

    ``told`` hears how many of the checks are done, and of how many.
    """
    found: list[Difference] = []
    for place, (what, sql) in enumerate(_CHECKS):
        await told(place, len(_CHECKS))
        asked = (limit, clock.now()) if "$2" in sql else (limit,)
        for row in await fetch(f"{sql} ORDER BY 2, 1 LIMIT $1", *asked):
            found.append(Difference(what, row["id"], row["unit"], row["kept"], row["follows"]))
    return found


async def count_entries() -> int:
    """How many entries the ledger holds."""
    count: int = await fetchval("SELECT count(*) FROM entry")
    return count
