"""What the columns of a list of members mean: told by their names in Chinese and English, or by the importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tessera.kernel.errors import Invalid
from tessera.kernel.texts import LOCALES, translate
from tessera.members.identities import LABELS
from tessera.members.imports.cells import remarks_on
from tessera.members.imports.extensions import member_columns
from tessera.members.imports.mapping import assign, plain_header
from tessera.members.labels import FIELDS
from tessera_hooks import Text, _

HEADERS: dict[str, tuple[str, ...]] = {
    "name": (
        "姓名", "名字", "会员姓名", "客户姓名", "顾客姓名", "会员", "客户", "顾客", "會員姓名", "name", "full name",
        "member", "member name", "customer", "customer name", "display name",
    ),
    "given_name": ("given name", "first name", "forename", "名"),
    "family_name": ("surname", "last name", "family name", "姓"),
    "phone": (
        "手机号", "手机", "手机号码", "电话", "电话号码", "联系电话", "联系方式", "移动电话", "手機", "電話", "phone",
        "phone number", "mobile", "mobile phone", "mobile number", "cell", "cell phone", "tel", "telephone",
    ),
    "email": ("邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址", "郵箱", "email", "e-mail", "mail", "email address"),
    "birthday": (
        "生日", "出生日期", "出生年月", "出生年月日", "birthday", "birth date", "birthdate", "date of birth", "dob",
    ),
    "lunar_birthday": ("农历生日", "阴历生日", "农历", "阴历", "农历出生日期", "農曆生日", "lunar birthday"),
    "gender": ("性别", "性別", "gender", "sex"),
    "address": (
        "地址", "住址", "联系地址", "家庭地址", "详细地址", "省", "市", "区", "省份", "城市", "邮编", "邮政编码",
        "address", "address 1", "address 2", "address 3", "address line 1", "address line 2", "street", "street number",
        "house number", "suburb", "city", "town", "county", "district", "state", "province", "region", "postcode",
        "post code", "postal code", "zip", "zip code", "country",
    ),
    "joined_on": (
        "入会日期", "入会时间", "注册日期", "注册时间", "加入日期", "开卡日期", "开卡时间", "办卡日期", "创建时间",
        "入會日期", "joined", "joined on", "joined at", "join date", "date joined", "member since", "registered",
        "registered on", "registration date", "created at",
    ),
    "source": ("来源", "渠道", "会员来源", "客户来源", "来源渠道", "來源", "source", "channel", "acquired by"),
    "store": ("门店", "店铺", "所属门店", "归属门店", "分店", "store", "branch", "shop", "location"),
    "note": ("备注", "备注信息", "说明", "備註", "note", "notes", "remark", "remarks", "comment", "comments"),
    "language": ("语言", "language", "preferred language"),
    "consent_sms": ("短信授权", "短信同意", "短信订阅", "接收短信", "sms consent", "sms opt in", "sms marketing"),
    "consent_email": (
        "邮件授权", "邮件同意", "邮件订阅", "接收邮件", "email consent", "email opt in", "email marketing",
        "newsletter",
    ),
    "number": ("member number", "会员号", "會員號"),
    "identities": ("cards and ids",),
    "timezone": ("timezone", "time zone", "时区", "時區"),
    "external": (
        "编号", "客户编号", "顾客编号", "会员编号", "会员id", "用户id", "客户id", "id", "rec id", "record id",
        "external id",
        "member id", "customer id", "customerid", "customer no", "customer number", "client id", "user id",
    ),
    "card": ("卡号", "会员卡号", "会员卡", "card", "card no", "card number", "member card", "loyalty card"),
    "resident_id": ("身份证", "身份证号", "身份证号码", "resident id"),
    "passport": ("护照", "护照号", "护照号码", "passport", "passport no", "passport number"),
    "permit": (
        "通行证", "通行证号", "港澳通行证", "回乡证", "台胞证", "居住证", "永居证", "permit", "permit number",
        "residence permit",
    ),
    "wechat_open": ("openid", "微信openid", "open id", "wechat open id"),
    "wechat_union": ("unionid", "微信unionid", "union id", "wechat union id"),
}  # fmt: skip
"""The names by which each field is recognised, as ``plain_header`` writes them."""

SEVERAL = frozenset({"address", "phone", "email", "note", "external", "card", "identities"})
"""Fields that may have several columns."""

PEOPLE = (
    "name", "given_name", "family_name", "phone", "email", "number", "identities", "external", "card", "resident_id",
    "passport", "permit",
)  # fmt: skip
"""Fields of which a list needs at least one."""

TITLES: dict[str, Text] = {
    "number": _("Member number"),
    "name": FIELDS["name"],
    "given_name": _("Given name"),
    "family_name": _("Family name"),
    "phone": FIELDS["phone"],
    "email": FIELDS["email"],
    "birthday": FIELDS["birthday"],
    "lunar_birthday": _("Lunar birthday"),
    "gender": FIELDS["gender"],
    "address": FIELDS["address"],
    "language": FIELDS["language"],
    "timezone": FIELDS["timezone"],
    "store": FIELDS["store"],
    "source": FIELDS["source"],
    "joined_on": FIELDS["joined_on"],
    "consent_sms": _("Agrees to text messages"),
    "consent_email": _("Agrees to e-mails"),
    "note": FIELDS["note"],
    "external": LABELS["external"],
    "identities": FIELDS["identities"],
    "card": LABELS["card"],
    "resident_id": LABELS["resident_id"],
    "passport": LABELS["passport"],
    "permit": LABELS["permit"],
    "wechat_open": LABELS["wechat_open"],
    "wechat_union": LABELS["wechat_union"],
}
"""What each field is called; an export heads its columns so, and an import knows them in every language."""

BALANCES = (
    "积分", "積分", "积分余额", "储值余额", "储值", "余额", "卡余额", "儲值餘額", "points", "balance", "stored value",
)  # fmt: skip
"""Names of columns with balances, which another command brings."""

TIERS = ("等级", "会员等级", "级别", "等級", "tier", "level", "grade")
"""Names of columns with tiers, which members reach by what they do here."""


@dataclass(frozen=True)
class Plan:
    """Which columns each field is read from, in the order of the file, and what is said of the others."""

    fields: Mapping[str, Sequence[str]]
    ignored: Sequence[str] = ()
    remarks: Sequence[Text] = field(default=())


def known_fields() -> dict[str, tuple[str, ...]]:
    """All fields with the names by which their columns are recognised, those of other rooms too."""
    own = {field: (*names, *_in_every_language(TITLES[field])) for field, names in HEADERS.items()}
    others = {c.field: (*c.headers, *_in_every_language(c.title)) for c in member_columns()}
    return {**own, **others}


def titles() -> dict[str, Text]:
    """What every field is called, those of other rooms too."""
    return {**TITLES, **{column.field: column.title for column in member_columns()}}


def _in_every_language(title: Text) -> tuple[str, ...]:
    return tuple(dict.fromkeys(translate(title, locale) for locale in LOCALES))


def plan(columns: Sequence[str], given: Mapping[str, str]) -> Plan:
    """What each column means.

    ``given`` maps columns to fields as the importer wrote them and goes before what is guessed;
    ``ignore`` leaves a column out. Raises ``CannotRun`` for a column or field that does not exist, and
    ``Invalid`` where no column says who the members are.
    """
    fields, ignored = assign(columns, given, known_fields(), SEVERAL)
    if not any(fields.get(name) for name in PEOPLE):
        raise Invalid(
            _(
                "no column is recognised as name, phone or id (the columns are {columns}): say which is, "
                "such as --map {first}=name",
                columns=", ".join(columns[:12]),
                first=columns[0],
            )
        )
    return Plan(fields, ignored, _remarks(fields, ignored))


def _remarks(fields: Mapping[str, Sequence[str]], ignored: Sequence[str]) -> list[Text]:
    balances = _called(ignored, BALANCES)
    tiers = _called(ignored, TIERS)
    others = [column for column in ignored if column not in (*balances, *tiers)]
    remarks = []
    if balances:
        remarks.append(
            _(
                "not loaded: {columns}. `tessera import balances` brings them from this same list",
                columns=", ".join(balances),
            )
        )
    if tiers:
        remarks.append(
            _("not loaded: {columns}. Tiers are reached here, or given by hand", columns=", ".join(tiers)),
        )
    remarks += remarks_on(others)
    if "consent_sms" in fields or "consent_email" in fields:
        remarks.append(_("a yes of children under 14 is left out: their guardians agree for them"))
    return remarks


def _called(columns: Sequence[str], names: Sequence[str]) -> list[str]:
    known = {plain_header(name) for name in names}
    return [column for column in columns if plain_header(column) in known]
