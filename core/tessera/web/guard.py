"""The one place where a request is let through: permission, plugin, and that a form is our own."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler

from tessera.access.actor import Actor, actor
from tessera.access.permissions import PUBLIC, SIGNED_IN
from tessera.kernel.errors import CannotRun, Forbidden, NotFound, Unauthenticated
from tessera.kernel.plugins import host
from tessera.web.visit import visit
from tessera_hooks import _

__all__ = ["CSRF_FIELD", "CSRF_HEADER", "PUBLIC", "SIGNED_IN", "guard", "refuse_unguarded"]

CSRF_FIELD = "_csrf"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART)


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through to its handler, or refuse it.

    The handler states ``permission`` (and, where it belongs to a plugin, ``plugin``) among its options.
    """
    if connection.scope.get("method") == "OPTIONS":
        return
    someone, trouble = actor(), visit().trouble
    if trouble is not None:
        raise trouble
    plugin = handler.opt.get("plugin")
    if plugin and not host().enabled(plugin, store=someone.store):
        raise NotFound(_("This page does not exist."))
    check_permission(someone, handler.opt.get("permission"), handler)
    if connection.scope.get("method") not in SAFE_METHODS and someone.kind != "key":
        await check_origin(connection, handler)


def check_permission(someone: Actor, permission: str | None, asked: object) -> None:
    """Refuse someone who lacks the permission; a handler that states none is closed to everyone."""
    if permission is None:
        raise Forbidden(_("This page states no permission: {name}.", name=str(asked)))
    if permission == PUBLIC:
        return
    if not someone.is_known:
        raise Unauthenticated(_("Sign in first."))
    if permission != SIGNED_IN:
        someone.needs(permission)


async def check_origin(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a change that a foreign page had the browser send: it cannot know the session's token."""
    if handler.opt.get("foreign_forms"):
        return
    token = connection.headers.get(CSRF_HEADER, "")
    if not token and isinstance(connection, Request) and connection.content_type[0] in FORMS:
        token = str((await connection.form()).get(CSRF_FIELD, ""))
    if not visit().is_own(token):
        raise Forbidden(_("This form is too old or was not opened here: go back, reload the page and send it again."))


def refuse_unguarded(handlers: list[BaseRouteHandler]) -> None:
    """Stop the start when a handler states no permission."""
    for handler in handlers:
        if "permission" not in handler.opt:
            raise CannotRun(f'{handler} states no permission: give it permission="…", SIGNED_IN or PUBLIC')
