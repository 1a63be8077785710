"""What staff may do: single rights, and roles made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class Permission:
    """A right by its name without the plugin: ``attend`` becomes ``fitness.attend``."""

    name: str
    title: Text


@dataclass(frozen=True)
class Role:
    """A set of full permission names that a staff member can be given."""

    name: str
    title: Text
    permissions: Sequence[str]


@hookspec
def permissions() -> list[Permission]:  # type: ignore[empty-body]
    """Declare rights that staff may hold.

    Called once at start. Names are given without the plugin; ``attend`` of ``fitness`` is held as
    ``fitness.attend``. Record types bring their own ``read`` and ``write``.

    Example::

        @hookimpl
        def permissions():
            return [Permission("attend", _("Take attendance"))]
    """


@hookspec
def roles() -> list[Role]:  # type: ignore[empty-body]
    """Declare roles that an integrator can give to staff.

    Called once at start. A role of a plugin is offered where the plugin is enabled.

    Example::

        @hookimpl
        def roles():
            return [Role("coach", _("Coach"), ["members.read", "fitness.body_test.write"])]
    """
