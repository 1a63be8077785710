"""Rows of a list of consents, understood: whose word, about what, when and where it was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tessera.access import sealing
from tessera.kernel.business import business
from tessera.kernel.errors import Invalid
from tessera.kernel.tabular import Row
from tessera.members.identities import Known, parse
from tessera.members.imports import whose
from tessera.members.imports.cells import remarks_on
from tessera.members.imports.mapping import assign
from tessera.members.imports.whose import Whom, read_whom
from tessera.members.labels import CHANNELS, PURPOSES
from tessera.members.normalise import Unusable, normalise_consent, parse_moment, plain
from tessera.members.service.agreeing import LONGEST_WORDING
from tessera.members.service.consents import purposes
from tessera_hooks import Text, _

HEADERS: dict[str, tuple[str, ...]] = {
    **whose.HEADERS,
    "purpose": ("用途", "目的", "授权用途", "purpose"),
    "channel": ("渠道", "授权渠道", "方式", "channel"),
    "state": ("授权", "是否同意", "同意", "状态", "授权状态", "consent", "state", "agreed", "opt in", "answer"),
    "at": ("时间", "日期", "授权时间", "授权日期", "at", "date", "time", "said at", "consent date"),
    "source": ("来源", "授权来源", "source", "where", "collected at"),
    "wording": ("内容", "文案", "授权文案", "条款", "wording", "text", "statement"),
    "by": ("授权人", "监护人", "by", "given by", "guardian"),
}
"""The names by which each field is recognised."""

NEEDED = {
    "channel": _("the channel"),
    "state": _("what was said"),
    "at": _("when it was said"),
    "source": _("where it was said"),
}

PURPOSE_WORDS = {"营销": "marketing", "推广": "marketing", "优惠": "marketing", "服务": "service", "通知": "service"}
CHANNEL_WORDS = {
    "短信": "sms", "手机": "sms", "text": "sms", "text message": "sms", "邮件": "email", "邮箱": "email",
    "e-mail": "email", "mail": "email", "微信": "wechat", "weixin": "wechat",
}  # fmt: skip


class Draft(msgspec.Struct, gc=False):
    """A row as values; ``by`` is the guardian as an identity, or the words that are not one."""

    line: int
    who: Whom
    purpose: str
    channel: str
    state: Any
    at: datetime
    source: str
    wording: str
    by: Known | str | None


class Refused(msgspec.Struct, gc=False):
    """A row that cannot be used, and why."""

    line: int
    reason: Text


def plan(columns: Sequence[str], given: Mapping[str, str]) -> tuple[dict[str, str], list[Text]]:
    """The column of each field, and what is said of the others.

    Refuses a list that does not say who, what, when and where.
    """
    fields, ignored = assign(columns, given, HEADERS)
    found = {field: names[0] for field, names in fields.items()}
    if not any(field in found for field in whose.HEADERS):
        raise Invalid(_("no column says who the members are: give number, phone, email, card or name"))
    missing = [str(words) for field, words in NEEDED.items() if field not in found]
    if missing:
        raise Invalid(
            _(
                "no column is recognised for: {missing}. Say which is, such as --map {first}=at",
                missing=", ".join(missing),
                first=columns[0],
            )
        )
    return found, remarks_on(ignored)


class Reader:
    """Reads rows by the columns of a list. ``source`` names the system whose ids the list holds."""

    def __init__(self, columns: Mapping[str, str], source: str) -> None:
        self.columns = columns
        self.source = source

    def draft(self, row: Row) -> Draft | Refused:
        """The row's values, or why it is rejected."""
        try:
            return Draft(
                row.line,
                read_whom(self.columns, row.values, self.source),
                self._cell(row, "purpose", _purpose) or "marketing",
                self._needed(row, "channel", _channel),
                self._needed(row, "state", normalise_consent),
                self._needed(row, "at", lambda text: parse_moment(text, business().timezone)),
                self._needed(row, "source", _short(60)),
                self._cell(row, "wording", _short(LONGEST_WORDING)) or "",
                self._cell(row, "by", _by),
            )
        except Unusable as refusal:
            return Refused(row.line, refusal.reason)

    def _needed(self, row: Row, field: str, read: Any) -> Any:
        value = self._cell(row, field, read)
        if value is None:
            raise Unusable(_("{column}: this is needed", column=self.columns[field]))
        return value

    def _cell(self, row: Row, field: str, read: Any) -> Any:
        column = self.columns.get(field)
        text = row.values[column] if column is not None else None
        if column is None or text is None or not text.strip():
            return None
        if sealing.is_masked(text):
            raise Unusable(_("{column}: this value is masked", column=column))
        try:
            return read(text)
        except Unusable as refusal:
            raise Unusable(_("{column}: {reason}", column=column, reason=refusal.reason)) from None


def _purpose(text: str) -> str:
    word = plain(text).casefold()
    found = PURPOSE_WORDS.get(word, word)
    if found not in (*PURPOSES, *purposes()):
        raise Unusable(_("choose one of: {known}", known=", ".join(purposes())))
    return found


def _channel(text: str) -> str:
    word = plain(text).casefold()
    found = CHANNEL_WORDS.get(word, word)
    if found not in CHANNELS:
        raise Unusable(_("choose one of: {known}", known=", ".join(CHANNELS)))
    return found


def _short(longest: int) -> Any:
    def read(text: str) -> str:
        cleaned = plain(text)
        if len(cleaned) > longest:
            raise Unusable(_("at most {limit} characters", limit=longest))
        return cleaned

    return read


def _by(text: str) -> Known | str:
    """Who said it: an identity, a member number, or words."""
    words = plain(text)[:100]
    if ":" not in words and not words.replace("+", "").isdigit():
        return words
    try:
        return parse(words)
    except Unusable:
        return words
