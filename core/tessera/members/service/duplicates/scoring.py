"""How alike two people are: weights of what agrees and what does not, and the reasons in codes.

The score is a sum of weights in the manner of Fellegi and Sunter (A Theory for Record Linkage, JASA 1969):
each is about log2 of how much more often a fact agrees within one person than between two, rounded, and
less for facts that families share. A stranger's birthday agrees once in some 20 000, the visible digits of a
stranger's phone once in 300 000, a namesake's name once in some hundreds; twins share birthday, phone and
address, which is why another name outweighs all three. Held against FEBRL's data set 1 by a test
(``test_duplicates.py``), which states precision and recall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from tessera.members.service.duplicates.traits import Traits, heard, is_slip, is_telling
from tessera_hooks import Text, _

THRESHOLD = 12
"""The score from which two members are worth a look: a name and one more fact."""

WEIGHTS: Mapping[str, int] = {
    "name_same": 8,
    "name_sound": 7,
    "name_swapped": 7,
    "name_near": 6,
    "name_part": 4,
    "name_given": 0,
    "name_other": -16,
    "birthday_same": 10,
    "birthday_slip": 6,
    "birthday_day": 5,
    "birthday_other": -6,
    "phone_alike": 9,
    "phone_slip": 6,
    "address_same": 7,
    "address_near": 6,
    "gender_other": -4,
    "one_row": 12,
}

REASONS: Mapping[str, Text] = {
    "name_same": _("same name"),
    "name_sound": _("names sound the same"),
    "name_swapped": _("the same name in another order"),
    "name_near": _("names nearly the same"),
    "name_part": _("part of the name is missing"),
    "name_given": _("same given name, another surname"),
    "birthday_same": _("same birthday"),
    "birthday_slip": _("birthdays differ by a slip"),
    "birthday_day": _("same day of birth, year not known"),
    "phone_alike": _("phones look alike"),
    "phone_slip": _("phones look nearly alike"),
    "address_same": _("same address"),
    "address_near": _("addresses nearly the same"),
    "one_row": _("one row of a list names both"),
}
"""What speaks for one person, in words; what speaks against it only counts."""

_NEAR_WORD = 0.9
_NEAR_WHOLE = 82
_NEAR_ADDRESS = 88


@dataclass(frozen=True, slots=True)
class Score:
    """How alike two people are, and why."""

    points: int
    reasons: tuple[str, ...]

    @property
    def is_likely(self) -> bool:
        """Whether someone should look at the two."""
        return self.points >= THRESHOLD


def score(one: Traits, other: Traits) -> Score:
    """Compare two people; what is not known of either counts for nothing."""
    found = [
        code
        for code in (_name(one, other), _birthday(one, other), _phone(one, other), _address(one, other))
        if code is not None
    ]
    if one.gender and other.gender and one.gender != other.gender:
        found.append("gender_other")
    return Score(sum(WEIGHTS[code] for code in found), tuple(code for code in found if code in REASONS))


def _name(one: Traits, other: Traits) -> str | None:
    if not one.words or not other.words:
        return None
    if one.name == other.name:
        return "name_same"
    if one.is_chinese and other.is_chinese:
        return _chinese(one, other)
    if sorted(one.words) == sorted(other.words):
        return "name_sound" if one.words == other.words else "name_swapped"
    if "".join(one.words) == "".join(other.words):
        return "name_sound"
    return _words(one.words, other.words)


def _chinese(one: Traits, other: Traits) -> str:
    if [heard(word) for word in one.words] == [heard(word) for word in other.words]:
        return "name_sound"
    if sorted(one.characters) == sorted(other.characters):
        return "name_swapped"
    short, long = sorted((one, other), key=lambda traits: len(traits.words))
    is_missing = len(short.words) >= 2 and len(long.words) - len(short.words) == 1
    if is_missing and short.words[0] == long.words[0] and _within(short.words, long.words):
        return "name_part"
    return "name_other"


def _within(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether the words of one stand in the other in their order."""
    rest = iter(long)
    return all(word in rest for word in short)


def _words(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Names of words: each word of the shorter finds its like in the longer, in any order."""
    short, long = sorted((one, other), key=len)
    free, unlike = list(long), 0
    for word in short:
        like = max(free, key=lambda candidate: JaroWinkler.similarity(word, candidate))
        if _near(word, like):
            free.remove(like)
        else:
            unlike += 1
    if not unlike and (not free or len(short) > 1 or short[0] in long):
        return "name_part" if free else "name_near"
    if max(fuzz.ratio("".join(one), "".join(way)) for way in (other, other[::-1])) >= _NEAR_WHOLE:
        return "name_near"
    return "name_given" if len(short) > 1 and len(one[0]) > 2 and one[0] == other[0] else "name_other"


def _near(one: str, other: str) -> bool:
    if min(len(one), len(other)) >= 4 and OSA.distance(one, other) <= 1:
        return True
    return one == other or JaroWinkler.similarity(one, other) >= _NEAR_WORD


def _birthday(one: Traits, other: Traits) -> str | None:
    if one.birth is None or other.birth is None:
        return None
    if one.birth == other.birth and one.birth[0] is not None:
        return "birthday_same"
    if one.birth[1:] == other.birth[1:] and None in (one.birth[0], other.birth[0]):
        return "birthday_day"
    return "birthday_slip" if is_slip(one.birth, other.birth) else "birthday_other"


def _phone(one: Traits, other: Traits) -> str | None:
    if set(one.phones) & set(other.phones):
        return "phone_alike"
    near = any(len(a) == len(b) and OSA.distance(a, b) == 1 for a in one.phones for b in other.phones)
    return "phone_slip" if near else None


def _address(one: Traits, other: Traits) -> str | None:
    if not is_telling(one.address) or not is_telling(other.address):
        return None
    if one.address == other.address:
        return "address_same"
    return "address_near" if fuzz.ratio(one.address, other.address) >= _NEAR_ADDRESS else None
