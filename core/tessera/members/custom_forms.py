"""The business's own fields in the form of a member: which inputs, filled in, and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.members.service.fields import PREFIX, CustomValue, FieldFacts, custom_fields, custom_values
from tessera.web.forms import Form
from tessera_hooks import Text, _

SHOWN = "custom_shown"
"""The hidden input that names the fields of a form: a choice that is left out is then told from one not asked."""

FEW = 4
"""Choices that are shown side by side, as buttons."""


@dataclass(frozen=True)
class CustomInput:
    """One field of the form: which kind of input, what can be chosen, and what stands there masked."""

    field: FieldFacts
    shape: str
    choices: Sequence[tuple[str, Text | str]] = ()
    masked: bool = False

    @property
    def name(self) -> str:
        """Its name in the form."""
        return PREFIX + self.field.code


async def custom_inputs(member: UUID | None = None) -> list[CustomInput]:
    """The inputs of the form, of someone new or of a member."""
    masked = {one.field.code for one in await custom_values(member) if one.masked} if member is not None else set()
    return [_input(field, field.code in masked) for field in custom_fields()]


def _input(field: FieldFacts, masked: bool) -> CustomInput:
    choices: list[tuple[str, Text | str]] = [(code, field.choice_title(code)) for code in field.choices]
    match field.kind:
        case "choice":
            few = len(choices) <= FEW
            return CustomInput(field, "radios" if few else "select", [("", _("Not said")), *choices], masked)
        case "choices":
            return CustomInput(field, "checks", choices, masked)
        case "yes_no":
            return CustomInput(field, "radios", [("", _("Not said")), ("yes", _("Yes")), ("no", _("No"))], masked)
    return CustomInput(field, field.kind, (), masked)


async def fill_custom(form: Form, member: UUID) -> Form:
    """The form with what stands in the fields of a member; what is masked stays empty."""
    for one in await custom_values(member):
        if one.value is not None and not one.masked:
            form.values[PREFIX + one.field.code] = _typed(one)
    return form


def _typed(one: CustomValue) -> list[str]:
    if isinstance(one.value, list):
        return list(one.value)
    if isinstance(one.value, bool):
        return ["yes" if one.value else "no"]
    return [str(one.value)]


async def given_custom(form: Form, member: UUID | None = None) -> dict[str, Any]:
    """What was filled in; what is masked and was left empty stays, so it is not among it."""
    return _given(form, await custom_inputs(member))


def _given(form: Form, inputs: Sequence[CustomInput]) -> dict[str, Any]:
    shown: Mapping[str, CustomInput] = {one.field.code: one for one in inputs if form.has(SHOWN, one.field.code)}
    given = {
        code: form.all(one.name) if one.shape == "checks" else form[one.name] or None for code, one in shown.items()
    }
    return {code: value for code, value in given.items() if value or not shown[code].masked}
