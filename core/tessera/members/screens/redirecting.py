"""Old addresses of members who were merged: they lead to the survivor's page for ever."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.response import Redirect

from tessera.members.service import is_visible, survivor_of
from tessera.web.visit import visit

NAMES = ("member_id", "member")
"""What the part of an address is called that is a member's id, in its path or its query."""


async def to_survivor(request: Request[Any, Any, Any]) -> Redirect | None:
    """Lead from a page of a merged member to the same page of who they are today.

    Asked before every page; whoever may not see the survivor learns nothing here, and the page refuses.
    """
    asked = _asked(request) if request.method == "GET" and not visit().is_api else None
    if asked is None:
        return None
    present = await survivor_of(asked)
    if present == asked or not await is_visible(present):
        return None
    address = f"{request.url.path}?{request.url.query}".removesuffix("?")
    return Redirect(address.replace(str(asked), str(present)), status_code=303)


def _asked(request: Request[Any, Any, Any]) -> UUID | None:
    for name in NAMES:
        if isinstance(found := request.path_params.get(name), UUID):
            return found
        try:
            return UUID(request.query_params.get(name, ""))
        except ValueError:
            continue
    return None
