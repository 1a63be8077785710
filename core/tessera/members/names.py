"""How a member is found by name, and where the name stands in a list."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product
from typing import Any

from tessera.members.normalise.plain import plain

_MOST_READINGS = 4
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3007\u3005"
_ALL_HAN = re.compile(rf"[{_HAN}]{{2,8}}").fullmatch
_RUN = re.compile(rf"[{_HAN}]+|[^\W{_HAN}_]+")
_JOINER = re.compile(r"(?<=\w)['’`](?=\w)")
_MARKS = re.compile(r"[\u0300-\u036f]")
_DIGITS = re.compile(r"[0-9]+").findall

_SURNAME_READINGS: dict[str, str] = {
    "单": "shan", "單": "shan", "解": "xie", "仇": "qiu", "曾": "zeng", "区": "ou", "區": "ou", "朴": "piao",
    "查": "zha", "任": "ren", "盖": "ge", "葛": "ge", "华": "hua", "尉": "wei", "翟": "zhai", "折": "she",
    "冼": "xian", "覃": "qin", "佘": "she", "洗": "xian", "乐": "yue", "樂": "yue", "员": "yun", "員": "yun",
    "缪": "miao", "繆": "miao", "盛": "sheng", "逄": "pang", "种": "chong", "秘": "bi", "召": "shao", "繁": "po",
    "黑": "he", "燕": "yan", "宁": "ning", "纪": "ji", "令": "ling", "石": "shi", "万": "wan", "牟": "mu",
    "哈": "ha", "訾": "zi", "隗": "wei", "郗": "xi", "沈": "shen", "车": "che", "車": "che", "薄": "bo",
    "柏": "bai", "贾": "jia", "賈": "jia", "重": "chong", "长": "zhang", "谷": "gu", "适": "kuo", "不": "fou",
    "过": "guo", "都": "du", "卜": "bu", "么": "yao", "麽": "yao", "撒": "sa", "能": "nai", "阚": "kan",
    "占": "zhan", "祭": "zhai", "藏": "zang", "臧": "zang", "晁": "chao", "瞿": "qu", "郝": "hao", "叶": "ye",
    "洪": "hong", "丁": "ding", "应": "ying", "應": "ying", "曲": "qu", "褚": "chu", "宿": "su", "莘": "shen",
    "吕": "lv", "呂": "lv", "鲍": "bao", "俞": "yu", "於": "yu", "相": "xiang", "强": "qiang", "行": "xing",
    "降": "jiang", "血": "xue", "尹": "yin", "省": "xing", "阿": "a", "六": "lu",
}  # fmt: skip
_COMPOUND: dict[str, tuple[str, ...]] = {
    surname: tuple(reading.split())
    for surname, reading in (
        ("欧阳", "ou yang"), ("歐陽", "ou yang"), ("司马", "si ma"), ("司馬", "si ma"), ("诸葛", "zhu ge"),
        ("諸葛", "zhu ge"), ("上官", "shang guan"), ("司徒", "si tu"), ("司空", "si kong"), ("夏侯", "xia hou"),
        ("皇甫", "huang fu"), ("东方", "dong fang"), ("東方", "dong fang"), ("尉迟", "yu chi"), ("尉遲", "yu chi"),
        ("公孙", "gong sun"), ("公孫", "gong sun"), ("慕容", "mu rong"), ("令狐", "ling hu"), ("宇文", "yu wen"),
        ("长孙", "zhang sun"), ("長孫", "zhang sun"), ("澹台", "tan tai"), ("端木", "duan mu"), ("轩辕", "xuan yuan"),
        ("闻人", "wen ren"), ("赫连", "he lian"), ("呼延", "hu yan"), ("南宫", "nan gong"), ("西门", "xi men"),
        ("独孤", "du gu"), ("万俟", "mo qi"), ("单于", "chan yu"), ("濮阳", "pu yang"), ("淳于", "chun yu"),
        ("太史", "tai shi"), ("申屠", "shen tu"), ("钟离", "zhong li"), ("公冶", "gong ye"), ("宗政", "zong zheng"),
        ("东郭", "dong guo"), ("百里", "bai li"), ("南门", "nan men"), ("羊舌", "yang she"), ("拓跋", "tuo ba"),
        ("完颜", "wan yan"), ("纳兰", "na lan"), ("耶律", "ye lv"), ("第五", "di wu"), ("梁丘", "liang qiu"),
    )
}  # fmt: skip

_GIVEN_READINGS: dict[str, tuple[str, ...]] = {
    character: tuple(readings.split())
    for character, readings in (
        ("乐", "le yue"), ("樂", "le yue"), ("行", "xing hang heng"), ("长", "chang zhang"), ("長", "chang zhang"),
        ("重", "zhong chong"), ("朝", "chao zhao"), ("晟", "sheng cheng"), ("茜", "qian xi"), ("娜", "na nuo"),
        ("参", "can shen"), ("朴", "pu piao"), ("藏", "cang zang"), ("都", "du dou"), ("率", "shuai lv"),
        ("传", "chuan zhuan"), ("单", "dan shan"), ("解", "jie xie"), ("曾", "zeng ceng"), ("仇", "qiu chou"),
        ("区", "qu ou"), ("查", "cha zha"), ("尉", "wei yu"), ("翟", "zhai di"), ("卜", "bu bo"), ("阿", "a e"),
        ("颉", "jie xie"), ("贲", "ben bi"), ("佛", "fo fu"), ("伽", "jia qie"), ("著", "zhu zhuo"),
        ("蔚", "wei yu"), ("柏", "bai bo"), ("薄", "bo bao"), ("泊", "bo po"), ("降", "jiang xiang"),
        ("强", "qiang jiang"), ("将", "jiang qiang"), ("种", "zhong chong"), ("盛", "sheng cheng"),
        ("乘", "cheng sheng"), ("称", "cheng chen"), ("澄", "cheng deng"), ("车", "che ju"), ("弹", "dan tan"),
        ("员", "yuan yun"), ("筠", "yun jun"), ("隽", "jun juan"), ("浚", "jun xun"), ("奇", "qi ji"),
        ("祇", "qi zhi"), ("炅", "jiong gui"), ("栖", "qi xi"), ("蹊", "xi qi"), ("荨", "xun qian"),
        ("蔓", "man wan"), ("模", "mo mu"), ("牟", "mou mu"), ("遗", "yi wei"), ("宛", "wan yuan"),
        ("纶", "lun guan"), ("落", "luo la"), ("绿", "lv lu"), ("露", "lu lou"), ("靓", "liang jing"),
        ("纤", "xian qian"), ("见", "jian xian"), ("觉", "jue jiao"), ("校", "xiao jiao"), ("角", "jiao jue"),
        ("桔", "ju jie"), ("劲", "jin jing"), ("识", "shi zhi"), ("石", "shi dan"), ("拾", "shi she"),
        ("峙", "zhi shi"), ("宿", "su xiu"), ("塞", "sai se"), ("厦", "xia sha"), ("杉", "shan sha"),
        ("禅", "chan shan"), ("召", "zhao shao"), ("折", "zhe she"), ("系", "xi ji"), ("期", "qi ji"),
        ("稽", "ji qi"), ("屏", "ping bing"), ("秘", "mi bi"), ("泌", "mi bi"), ("宓", "mi fu"), ("埔", "pu bu"),
        ("堡", "bao pu"), ("伯", "bo bai"), ("百", "bai bo"), ("便", "bian pian"), ("鹄", "hu gu"),
        ("谷", "gu yu"), ("贾", "jia gu"), ("价", "jia jie"), ("虹", "hong jiang"), ("还", "huan hai"),
        ("会", "hui kuai"), ("勒", "le lei"), ("余", "yu"), ("提", "ti di"), ("斗", "dou"), ("度", "du duo"),
        ("葛", "ge"), ("缪", "miao mou"), ("万", "wan mo"), ("𠮷", "ji"),
    )
}  # fmt: skip


def _read(text: str, **options: Any) -> list[list[str]]:
    """The readings of characters; the dictionary takes a third of a second to load, so nothing else waits for it."""
    from pypinyin import Style, pinyin

    return pinyin(text, style=Style.NORMAL, errors="ignore", **options)


_readings: dict[str, tuple[str, ...]] = {}
_keys: dict[str, str] = {}


def tokens(name: str, phone_tail: str | None = None, number: str | None = None) -> set[str]:
    """What a prefix search finds this member by, all in lower case.

    For 王小伟: the name, 小伟, ``wangxiaowei``, ``xiaowei`` and ``wxw``; for Ana López: each word
    without accents, ``analopez`` and ``al``; then the tail of the phone, and the member number with
    and without its letters and leading zeros. A surname has its reading as a surname; a given name
    has all plausible ones, at most four together.
    """
    found: set[str] = set()
    if _ALL_HAN(name):
        _add_chinese(name, found)
    else:
        _add_other(fold(name), found)
    if phone_tail:
        found.add(phone_tail)
    if number:
        folded = fold(number)
        found.add("".join(_RUN.findall(folded)))
        found.update(_DIGITS(folded))
        found.update(digits.lstrip("0") for digits in _DIGITS(folded))
    found.discard("")
    return found


def query_tokens(q: str) -> list[str]:
    """The words of a query, each of which must begin some token of a member.

    ``Wang Wei``, ``王 伟`` and ``wang 8000`` are two words each; what a query and ``tokens`` do to
    case, width, accents, dots and apostrophes is the same.
    """
    folded = fold(q)
    return list(dict.fromkeys(_RUN.findall(folded))) or folded.split()


def name_key(name: str) -> str:
    """The key by which names sort: pinyin syllable by syllable, the same character together.

    Made for a bytewise collation (``C``): a space is below every letter, so that 万 stands before 王.
    """
    if _ALL_HAN(name):
        surname = _surname(name)
        parts = [f"{syllable} {character}" for syllable, character in zip(surname, name, strict=False)]
        parts += [_keys.get(character) or _key_of(character) for character in name[len(surname) :]]
        return " ".join(parts)
    parts = []
    for run in _RUN.findall(fold(name)):
        parts.extend(map(_key_of, run) if _han(run) else [run])
    return " ".join(parts)


def fold(text: str) -> str:
    """One spelling for search: NFKC, lower case, no accents, no apostrophe within a word."""
    text = plain(text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))
    return _JOINER.sub("", text)


def _add_chinese(name: str, found: set[str]) -> None:
    surname = _surname(name)
    given = name[len(surname) :]
    first, initial = _joined(surname)
    found.add(name)
    found.add(given)
    for joined, letters in _spoken(given):
        found.add(joined)
        found.add(first + joined)
        found.add(initial + letters)
        if "lv" in first:
            found.add(first.replace("lv", "lu") + joined)


def _add_other(name: str, found: set[str]) -> None:
    """Words of any script: each, all joined, and the initials; Chinese runs in them by their pinyin, too."""
    runs = _RUN.findall(name)
    if not runs:
        return
    found.update(runs)
    found.add("".join(runs))
    spoken = ["".join(reading[0] for reading in map(_of, run)) if _han(run) else run for run in runs]
    found.update(spoken)
    found.add("".join(spoken))
    if len(runs) > 1:
        found.add("".join([word[0] for word in spoken]))
    chinese = [run for run in runs if _han(run)]
    found.update("".join([_of(character)[0][0] for character in run]) for run in chinese)
    if chinese == runs[:1] and len(chinese[0]) > 1:
        _add_chinese(chinese[0], found)


def _surname(name: str) -> tuple[str, ...]:
    """The reading of the surname, a syllable for each of its characters."""
    if len(name) > 2 and (compound := _COMPOUND.get(name[:2])):
        return compound
    return (_SURNAME_READINGS.get(name[0]) or _of(name[0])[0],)


@lru_cache(maxsize=1 << 12)
def _joined(syllables: tuple[str, ...]) -> tuple[str, str]:
    """Syllables as one word, and their initials."""
    return "".join(syllables), "".join([syllable[0] for syllable in syllables])


@lru_cache(maxsize=1 << 16)
def _spoken(given: str) -> list[tuple[str, str]]:
    """The readings of a given name with their initials, the likeliest first, at most four."""
    every = product(*[_of(character) for character in given])
    return [_joined(reading) for reading in islice(every, _MOST_READINGS)]


def _of(character: str) -> tuple[str, ...]:
    """The toneless readings of one character, the usual one first; itself where it has none."""
    known = _readings.get(character)
    if known is None:
        known = _readings[character] = _looked_up(character)
    return known


def _key_of(character: str) -> str:
    key = _keys[character] = f"{_of(character)[0]} {character}"
    return key


def _looked_up(character: str) -> tuple[str, ...]:
    """The readings that names use; a dictionary's archaic ones would only make strangers match."""
    readings = _GIVEN_READINGS.get(character)
    if readings is None:
        usual = _read(character)
        readings = (usual[0][0],) if usual and usual[0][0].isascii() else (character,)
    return readings + tuple(reading.replace("v", "u") for reading in readings if reading[:2] in ("lv", "nv"))


def _han(run: str) -> bool:
    return _RUN.match(run) is not None and not run.isascii() and _ONE_HAN(run[0]) is not None


_ONE_HAN = re.compile(rf"[{_HAN}]").match
