"""Rules and texts that could not work are refused when Tessera starts, with the plugin's name and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tessera.conditions import check
from tessera.kernel.errors import CannotRun, Invalid
from tessera.kernel.plugins import PluginHost
from tessera.members.labels import STAGES
from tessera.members.service.tags import clean_tag
from tessera.messaging import service as messaging
from tessera.rules.service.catalogue import declared
from tessera.rules.service.roles import known_roles, role_code
from tessera_hooks import AddTag, Fact, MoveStage, Param, RemoveTag, Rule, SendMessage
from tessera_hooks.rules import Action

TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")


def check_declarations(host: PluginHost) -> None:
    """Refuse a declared rule or text that could never work.

    Every fact, parameter, template and role that a rule names must be there; every text must parse.
    """
    facts = {d.value.name: d.value for d in host.declared("facts")}
    for code, (plugin, template) in messaging.declared(host).items():
        for text in (*template.subject.values(), *template.body.values()):
            try:
                messaging.check_template(text)
            except Invalid as refused:
                raise CannotRun(f'plugin "{plugin}", text "{code}": {refused.message}') from None
        if not template.subject or set(template.subject) != set(template.body):
            raise CannotRun(f'plugin "{plugin}", text "{code}": give subject and body in the same languages')
    for code, (plugin, rule) in declared(host).items():
        problem = next(_problems(host, plugin, rule, facts), None)
        if problem:
            raise CannotRun(f'plugin "{plugin}", rule "{code}": {problem}')


def _problems(host: PluginHost, plugin: str, rule: Rule, facts: dict[str, Fact]) -> Iterator[str]:
    names = [p.name for p in rule.parameters]
    for parameter in rule.parameters:
        if not parameter.low <= parameter.default <= parameter.high:
            yield f'parameter "{parameter.name}" is {parameter.default} outside of its bounds: correct one of them'
    if not TIME.match(rule.trigger.at):
        yield f'"{rule.trigger.at}" is no time of the day: write it as 09:00'
    try:
        check(rule.condition, names, facts)
    except Invalid as refused:
        yield refused.message
    cause = facts.get(rule.cause.fact)
    if cause is None or cause.type != "date":
        yield f'the cause "{rule.cause.fact}" is no fact of a date: name one'
    after = rule.cause.after_days
    if isinstance(after, Param) and after.name not in names:
        yield f'the cause waits for the parameter "{after.name}", which is not declared'
    if not rule.actions:
        yield "it has no actions: give it one"
    for action in rule.actions:
        yield from _action_problems(host, plugin, action)


def _action_problems(host: PluginHost, plugin: str, action: Action) -> Iterator[str]:
    if isinstance(action, SendMessage):
        code = messaging.code_of(plugin, action.template)
        if code not in messaging.declared(host):
            yield f'there is no text "{code}": add it to message_templates()'
    elif isinstance(action, AddTag | RemoveTag):
        try:
            clean_tag(action.tag)
        except Invalid as refused:
            yield f'the tag "{action.tag}" cannot be given: {refused.message}'
    elif isinstance(action, MoveStage):
        if action.stage not in STAGES:
            yield f'there is no stage "{action.stage}": choose from {", ".join(STAGES)}'
    elif action.role is not None and role_code(host, plugin, action.role) not in known_roles(host):
        yield f'there is no role "{action.role}": add it to roles()'
