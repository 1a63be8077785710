"""Templates made of little: names in braces, and choices between words. Nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2 import Template as Compiled
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tessera.kernel.errors import Invalid
from tessera_hooks import _

KNOWN: Mapping[str, frozenset[str]] = {
    "member": frozenset({"name"}),
    "business": frozenset({"name"}),
    "store": frozenset({"name"}),
}
"""What texts may say: never a sensitive value."""

FREE = "values"
"""What the sender of one message brings: ``{{ values.code }}``."""

FILTERS = frozenset({"default", "upper", "lower", "title", "trim"})

ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Getattr,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
)


class TemplateRefused(Invalid):
    """A text uses what texts cannot use."""

    code = "template_invalid"


class CannotRender(Exception):
    """A text needs a value that is not there."""


_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def check_template(source: str, *, free: bool = True) -> None:
    """Refuse a text that does not parse, or that uses anything beyond ``KNOWN`` names, ``if`` and a few filters."""
    try:
        parsed = _environment.parse(source)
    except TemplateSyntaxError as problem:
        raise TemplateRefused(
            _("line {line} cannot be read ({problem}): write names as {example}",
              line=problem.lineno, problem=problem.message or "", example="{{ member.name }}")
        ) from None  # fmt: skip
    for node in _all(parsed):
        _check_node(node, free)


def _all(parsed: nodes.Template) -> list[nodes.Node]:
    return [parsed, *parsed.find_all(nodes.Node)]


def _check_node(node: nodes.Node, free: bool) -> None:
    if not isinstance(node, ALLOWED):
        raise TemplateRefused(_("line {line} does more than a text may: use names in braces and if", line=node.lineno))
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        known = ", ".join(sorted(FILTERS))
        raise TemplateRefused(_('there is no filter "{name}": use one of {known}', name=node.name, known=known))
    if isinstance(node, nodes.Name) and node.name not in KNOWN and not (free and node.name == FREE):
        raise _unknown(node.name)
    if isinstance(node, nodes.Getattr):
        _check_attribute(node)


def _check_attribute(node: nodes.Getattr) -> None:
    if not isinstance(node.node, nodes.Name):
        raise _unknown(node.attr)
    if node.node.name != FREE and node.attr not in KNOWN.get(node.node.name, ()):
        raise _unknown(f"{node.node.name}.{node.attr}")


def _unknown(name: str) -> TemplateRefused:
    known = ", ".join(f"{owner}.{part}" for owner, parts in KNOWN.items() for part in sorted(parts))
    return TemplateRefused(_('a text cannot say "{name}": it can say {known}', name=name, known=known))


@lru_cache(maxsize=500)
def _compiled(source: str) -> Compiled:
    check_template(source)
    return _environment.from_string(source)


def render(source: str, values: Mapping[str, Any]) -> str:
    """The text with its names filled in; ``CannotRender`` where a value is missing."""
    try:
        return _compiled(source).render(values)
    except (UndefinedError, SecurityError, TemplateRefused) as problem:
        raise CannotRender(str(problem)) from problem
