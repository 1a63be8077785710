"""The plugin's pages, and what it answers to programs."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from tessera.plugin import translate
from tessera_hooks import _


@get("/greeting/{name:str}", permission="dummy.greet", sync_to_thread=False)
def greeting(name: FromPath[str]) -> Template:
    """Greets whoever is named."""
    return Template("dummy/greeting.html", context={"greeting": translate(_("Hello {name}", name=name))})


@get("/greetings", permission="dummy.greet", sync_to_thread=False)
def greet_program() -> dict[str, str]:
    """Greets a program."""
    return {"greeting": translate(_("Hello {name}", name="program"))}
