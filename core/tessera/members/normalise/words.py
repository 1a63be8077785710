"""Names, and the words and amounts that lists use for gender, consent and money."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from tessera.members.normalise.plain import ROUNDED, Unusable, plain, rounded
from tessera_hooks import _

Gender = Literal["female", "male", "other"]
Consent = Literal["granted", "refused"]

_LONGEST_NAME = 100
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3007\u3005]"
_GAP_IN_HAN = re.compile(rf"(?<={_HAN}) (?={_HAN})")
_DOT_IN_HAN = re.compile(rf"(?<={_HAN}) ?[·•‧∙・･。.] ?(?={_HAN})")
_GENDERS: dict[str, Gender | None] = {
    **dict.fromkeys(("男", "男性", "男士", "先生", "m", "male", "man", "1"), "male"),
    **dict.fromkeys(("女", "女性", "女士", "小姐", "太太", "f", "female", "woman", "2"), "female"),
    **dict.fromkeys(("其他", "其它", "other"), "other"),
    **dict.fromkeys(("", "未知", "不详", "保密", "未说明", "未填", "空", "u", "unknown", "-", "0", "9", "n/a"), None),
}
_CONSENTS: dict[str, Consent | None] = {
    **dict.fromkeys(("同意", "是", "已同意", "接受", "允许", "y", "yes", "1", "true", "t", "√", "granted"), "granted"),
    **dict.fromkeys(
        ("不同意", "否", "拒绝", "退订", "不接受", "n", "no", "0", "false", "f", "×", "x", "refused"), "refused"
    ),
    **dict.fromkeys(("", "未知", "未询问", "空", "-", "unknown", "n/a"), None),
}
_CURRENCY_WORDS: dict[str, tuple[str, ...]] = {
    "CNY": ("rmb", "人民币", "¥", "元", "块"),
    "HKD": ("hk$", "港币", "港元", "$"),
    "TWD": ("nt$", "新台币", "$", "元"),
    "USD": ("us$", "美元", "$"),
    "GBP": ("£",),
    "EUR": ("€", "欧元"),
    "JPY": ("¥", "円", "日元"),
}
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?").fullmatch


def normalise_name(text: str) -> str:
    """A person's name: NFKC, nothing invisible, single spaces, none between Chinese characters.

    ``王　伟`` and ``王伟`` are one name; the dot of ``阿卜杜拉·买买提`` has many code points and gets one.
    Raises ``Unusable`` for an empty name or one of more than 100 characters.
    """
    name = _GAP_IN_HAN.sub("", _DOT_IN_HAN.sub("·", plain(text)))
    if not name:
        raise Unusable(_("the name is empty"))
    if len(name) > _LONGEST_NAME:
        raise Unusable(_("a name has at most {limit} characters", limit=_LONGEST_NAME))
    return name


def normalise_gender(text: str | None) -> Gender | None:
    """``male``, ``female``, ``other`` or unknown; also the codes of GB/T 2261.1. Raises ``Unusable`` for others."""
    word = plain(text or "").lower().removesuffix(".0")
    if word not in _GENDERS:
        raise Unusable(_("this word for a gender is not known: write male, female, other or nothing"))
    return _GENDERS[word]


def normalise_consent(text: str | None) -> Consent | None:
    """``granted``, ``refused`` or never asked; any other word is ``Unusable`` and never a consent."""
    word = plain(text or "").lower().removesuffix(".0")
    if word not in _CONSENTS:
        raise Unusable(_("this word is neither a consent nor a refusal: write yes, no or nothing"))
    return _CONSENTS[word]


def parse_amount(text: str, currency: str = "CNY") -> Decimal:
    """An amount of money with all its decimals: ``¥1,771``, ``1462.20``, ``43,540``, ``88元``.

    Signs and words of ``currency`` are dropped; those of another are refused, as is a comma that
    does not part thousands. Raises ``Unusable``.
    """
    written = plain(text).lower().lstrip("'").replace(" ", "")
    for word in (currency.lower(), *_CURRENCY_WORDS.get(currency, ())):
        sign = written[:1] if written[:1] in ("-", "+") else ""
        written = sign + written[len(sign) :].removeprefix(word).removesuffix(word)
    if not _NUMBER(written):
        if ROUNDED.fullmatch(written):
            raise rounded()
        raise Unusable(_("this is no amount in {currency}", currency=currency))
    return Decimal(written.replace(",", ""))
