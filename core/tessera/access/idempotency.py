"""Idempotency keys: a request that is sent again has its effect once and gets the same answer.

A form of a page has a key too, drawn with it: sent again, it is refused instead (``once``).

The key's row, what the request changes and the answer are one transaction. So a killed server leaves no
trace of a half request, and the same key that arrives meanwhile waits at the unique index for the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tessera.access import sealing
from tessera.access.actor import Actor, actor
from tessera.kernel import clock
from tessera.kernel.database import DB, execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera_hooks import _

T = TypeVar("T")

HEADER = b"idempotency-key"
KEEP = timedelta(hours=24)
LONGEST_KEY = 255
FORM = "form"
"""Stands for the route in the rows of forms."""
LARGEST = 5_000_000
"""Bytes of a body that is read ahead; larger ones are answered without memory."""

NOT_REMEMBERED = frozenset({401, 403, 413, 429})
"""Answers that say something of the caller's rights or pace, not of the request; nor is any 5xx."""

RAISED = "tessera_refusal"
"""Where the error pages leave what a handler raised, in the scope of the request."""

AT_ONCE = 500
"""Remembered answers that are looked through in one query."""

GONE = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "There is no such member.",
    "code": "member_unknown",
}
"""What is answered again in the place of an answer about someone who was erased."""

_BEGIN = """
INSERT INTO idempotency (id, holder, route, key, request_hash, rights_hash, status, media_type, body, at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, '', NULL, $7, $8)
ON CONFLICT (holder, route, key) DO UPDATE SET
    id = excluded.id, request_hash = excluded.request_hash, rights_hash = excluded.rights_hash, status = 0,
    body = NULL, at = excluded.at, expires_at = excluded.expires_at
WHERE idempotency.expires_at <= excluded.at
RETURNING id
"""


class IdempotencyConflict(Conflict):
    """The key was used for another request, or its holder had other rights then."""

    code = "idempotency_conflict"


class SentAlready(Conflict):
    """A form that was sent and done is sent again, by a reload or from a page that was gone back to."""

    code = "sent_already"


class _Gone(Exception):
    """Whoever asked has hung up before the request was whole."""


class _NotKept(Exception):
    """Ends the transaction of a request whose answer is not remembered."""


async def once(key: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do what a form asks for, unless the same drawing of it was done before.

    ``work`` and the key are one unit of work: what is refused leaves the key free, and whoever sends it at the
    same time waits for the end of the other. A form without a key, which no page draws, is done as it comes.
    """
    holder = actor().staff_id or actor().key_id
    if not key or holder is None:
        return await work()
    digest = hashlib.sha256(key.encode()).hexdigest()

    async def first() -> T:
        now = clock.now()
        if await fetchval(_BEGIN, uuid7(), holder, FORM, digest, b"", b"", now, now + KEEP) is None:
            raise SentAlready(_("This was sent already, and it is done. Send it again only if you want it twice."))
        return await work()

    return await in_transaction(first)


@dataclass
class Answer:
    """A response held back until its transaction is committed."""

    status: int = 500
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Hold a part of the response."""
        if message["type"] == "http.response.start":
            self.status, self.headers, self.body = message["status"], list(message["headers"]), b""
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    @property
    def media_type(self) -> str:
        """Its content type."""
        return next((v.decode("latin-1") for n, v in self.headers if n.lower() == b"content-type"), "application/json")

    async def give(self, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(frozen=True)
class Idempotent:
    """A middleware for routers of the API: answers a POST that carries an ``Idempotency-Key`` once."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        key = _key(scope)
        holder = actor().key_id or actor().staff_id
        if key is None or holder is None:
            await self.app(scope, receive, send)
            return
        if not key or len(key) > LONGEST_KEY:
            message = _("give an Idempotency-Key of at most {limit} characters", limit=LONGEST_KEY)
            raise Invalid(message, [FieldError("Idempotency-Key", message)])
        try:
            body, whole = await _read(receive)
        except _Gone:
            return
        if not whole:
            await self.app(scope, _replay(body, receive), send)
            return
        answer = await self._answer(scope, receive, body, (holder, _route(scope), key))
        await answer.give(send)

    async def _answer(self, scope: Scope, receive: Receive, body: bytes, row: tuple[UUID, str, str]) -> Answer:
        answer = Answer()

        async def work() -> Answer:
            known = await _begin(row, _hash(scope, body))
            if known is not None:
                return known
            await self._run(scope, _replay(body, receive), answer)
            await _remember(row, answer)
            return answer

        try:
            return await in_transaction(work)
        except _NotKept:
            return answer

    async def _run(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        """Run the handler; what a refused request had changed is taken back, the refusal is kept."""
        running: Any = DB.current_transaction.get()
        before = await running.savepoint()
        scope.pop(RAISED, None)  # type: ignore[misc]
        await self.app(scope, receive, answer.take)
        raised = scope.get(RAISED)
        if isinstance(raised, asyncpg.SerializationError | asyncpg.DeadlockDetectedError):
            raise raised
        if answer.status >= 500 or answer.status in NOT_REMEMBERED:
            raise _NotKept
        if answer.status >= 400:
            await before.rollback_to()


def _key(scope: Scope) -> str | None:
    if scope.get("method") != "POST":
        return None
    found = [value for name, value in scope["headers"] if name.lower() == HEADER]
    return found[-1].decode("latin-1").strip() if found else None


def _route(scope: Scope) -> str:
    return str(scope.get("path_template") or scope["path"])[:200]


def _hash(scope: Scope, body: bytes) -> bytes:
    asked = f"{scope['path']}?{scope['query_string'].decode('latin-1')}\n".encode()
    return sealing.stamp("idempotency", asked + body)


def _rights(someone: Actor) -> bytes:
    """Equal for equal rights, however they are written; an answer shows only what they allowed."""
    allowed: dict[str, set[str]] = {}
    for grant in someone.grants:
        allowed.setdefault(str(grant.store or ""), set()).update(grant.permissions)
    written = sorted((store, sorted(permissions)) for store, permissions in allowed.items())
    return hashlib.sha256(msgspec.json.encode(written)).digest()


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """The body, and whether that is all of it; ``_Gone`` where the rest will never come."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body, True
        if len(body) > LARGEST:
            return body, False


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives what was read ahead, then goes on with the rest."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": len(body) > LARGEST}

    return again


async def _begin(row: tuple[UUID, str, str], request_hash: bytes) -> Answer | None:
    """Take the key, waiting for whoever has it at this moment; the remembered answer where it was used.

    The answer was made for the rights of that moment, and is given before anything looks at those of
    now: with other rights it is withheld.
    """
    now, rights = clock.now(), _rights(actor())
    if await fetchval(_BEGIN, uuid7(), *row, request_hash, rights, now, now + KEEP) is not None:
        return None
    known = await fetchrow(
        "SELECT request_hash, rights_hash, status, media_type, body FROM idempotency "
        "WHERE holder = $1 AND route = $2 AND key = $3",
        *row,
    )
    if bytes(known["request_hash"]) != request_hash:
        raise IdempotencyConflict(_("this Idempotency-Key was used for another request: use a new one"))
    if bytes(known["rights_hash"]) != rights:
        raise IdempotencyConflict(
            _(
                "this request was answered already, but your rights have changed since: "
                "look at what it did instead of sending it again"
            )
        )
    headers = [(b"content-type", known["media_type"].encode("latin-1")), (b"idempotency-replayed", b"true")]
    return Answer(known["status"], headers, sealing.unseal(bytes(known["body"])))


async def _remember(row: tuple[UUID, str, str], answer: Answer) -> None:
    """Keep the answer, unreadable at rest: it may hold what only this caller may see."""
    await execute(
        "UPDATE idempotency SET status = $4, media_type = $5, body = $6 WHERE holder = $1 AND route = $2 AND key = $3",
        *row,
        answer.status,
        answer.media_type,
        sealing.seal(answer.body),
    )


async def forget_answers_about(ids: Sequence[UUID]) -> None:
    """Put a refusal in the place of remembered answers that tell of some members; part of their erasure.

    Answers are sealed, so each is opened; they are kept for a day. The request stays remembered: sent
    again, it does nothing a second time.
    """
    wanted = [str(id_).encode() for id_ in ids]
    last = UUID(int=0)
    while rows := await fetch(
        "SELECT id, body FROM idempotency WHERE id > $1 AND body IS NOT NULL ORDER BY id LIMIT $2", last, AT_ONCE
    ):
        last = rows[-1]["id"]
        told = [row["id"] for row in rows if any(id_ in sealing.unseal(bytes(row["body"])) for id_ in wanted)]
        if told:
            await execute(
                "UPDATE idempotency SET status = 404, media_type = $2, body = $3 WHERE id = ANY($1)",
                told,
                "application/problem+json",
                sealing.seal(msgspec.json.encode(GONE)),
            )


async def forget_old() -> None:
    """Delete what has been kept long enough."""
    await execute("DELETE FROM idempotency WHERE expires_at <= $1", clock.now())
