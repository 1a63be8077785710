"""What two members are compared by, and the keys under which those who may be one person meet.

Phones are compared by what their mask shows, for anyone: a hint that depended on the hidden digits would
tell them to whoever types often enough. The price is small: the mask shows seven of eleven digits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

from tessera.access import sealing
from tessera.members.normalise import plain

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3007\u3005]").fullmatch
_ANY_HAN = re.compile(r"[\u3400-\u9fff]").search
_NO_WORD = re.compile(r"[\W_]+")
_VOWELS = re.compile(r"(?<!^)[aeiouyhw]+")
_DOUBLED = re.compile(r"(.)\1+")
_DIGITS = re.compile(r"[0-9]").findall
_NUMBERS = re.compile(r"[0-9]+").findall
_SHORTEST_ADDRESS = 6
"""Characters of an address that says more than a town."""

_HEARD = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
"""What many speakers of Mandarin do not tell apart, and many typists neither."""

Birth = tuple[int | None, int, int]


@dataclass(frozen=True, slots=True)
class Traits:
    """One person as far as they are compared.

    ``name`` is the key that sorts it: the same for two spellings of one name. ``words`` are the syllables
    of a Chinese name or the words of another, ``characters`` those of a Chinese name. ``phones`` are masked.
    """

    name: str
    words: tuple[str, ...]
    characters: tuple[str, ...]
    birth: Birth | None
    gender: str | None
    phones: tuple[str, ...]
    address: str

    @property
    def is_chinese(self) -> bool:
        """Whether the name is written in Chinese characters only."""
        return bool(self.characters) and len(self.characters) == len(self.words)

    @property
    def sound(self) -> str:
        """The name as it is heard, in whatever order its words stand; empty without a name."""
        if self.is_chinese:
            return "".join([heard(word) for word in self.words])
        return " ".join(sorted([skeleton(word) for word in self.words]))


def traits(
    name_key: str,
    *,
    birth: Birth | None = None,
    gender: str | None = None,
    phones: Sequence[str] = (),
    address: str | None = None,
) -> Traits:
    """A person's traits; ``name_key`` is what sorts the name, phones and address as they are once unsealed."""
    parts = name_key.split()
    characters = tuple([part for part in parts if not part.isascii() and _HAN(part)])
    return Traits(
        name=name_key,
        words=tuple([part for part in parts if part not in characters]) if characters else tuple(parts),
        characters=characters,
        birth=birth,
        gender=gender,
        phones=tuple([sealing.mask_phone(phone) for phone in phones]),
        address=flat_address(address or ""),
    )


@lru_cache(maxsize=2048)
def heard(syllable: str) -> str:
    """A syllable of pinyin without what is often confused: ``zhang`` and ``zan`` are ``zan``."""
    for written, same in _HEARD:
        if syllable.startswith(written):
            syllable = same + syllable[len(written) :]
        elif syllable.endswith(written):
            syllable = syllable[: -len(written)] + same
    return syllable


@lru_cache(maxsize=1 << 14)
def skeleton(word: str) -> str:
    """A word without the vowels after its first letter and without doubled letters: ``mitchell`` is ``mtcl``."""
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", word))[:5]


def flat_address(address: str) -> str:
    """An address without spaces, signs, case and width, so that two spellings of it are equal.

    Words of other scripts than Chinese are put in order: some write the suburb first, some the street.
    """
    words = _NO_WORD.sub(" ", plain(address).casefold()).split()
    return "".join(words if _ANY_HAN(address) else sorted(words))


def is_telling(address: str) -> bool:
    """Whether a flat address names a house, not only a town."""
    return len(address) >= _SHORTEST_ADDRESS and bool(_DIGITS(address))


def keys(one: Traits, *, sealed: bool = True) -> list[int]:
    """The keys under which a person meets those who may be the same, as keyed hashes of 64 bits.

    Without ``sealed``, none that tells of a value which pages mask.
    """
    return [_hashed(text) for text in dict.fromkeys(_written(one, sealed=sealed))]


@lru_cache(maxsize=2)
def _keyed(index_key: bytes) -> Any:
    return hashlib.blake2b(key=index_key, person=b"likeness", digest_size=8)


def _hashed(text: str) -> int:
    """Eight bytes of a keyed hash: in an import this is called six times a row, and HMAC costs three times as much."""
    made = _keyed(sealing.keys().index_key).copy()
    made.update(text.encode())
    return int.from_bytes(made.digest(), "big", signed=True)


def _written(one: Traits, *, sealed: bool) -> Iterator[str]:
    """What is hashed: each text pairs two facts, so that few people share it."""
    sound = one.sound
    for phone in one.phones:
        yield f"p {phone}"
        if sound:
            yield from _slips(sound, phone)
    if one.birth is not None:
        year, month, day = one.birth
        if sound:
            yield f"m {sound} {month} {day}"
        if year is not None:
            date_ = f"{year}-{month}-{day}"
            first = [heard(one.words[0])] if one.is_chinese else [skeleton(word) for word in one.words]
            yield from (f"d {date_} {word}" for word in first)
    if sealed and is_telling(one.address):
        yield f"a {one.address}"
        if sound:
            yield f"h {sound} {'.'.join(_NUMBERS(one.address))}"


def _slips(sound: str, phone: str) -> Iterator[str]:
    """Keys of which at least one stays when one visible digit is mistyped or two neighbours are swapped."""
    tail, head = phone[-4:], phone[:3]
    yield f"t {sound} {''.join(sorted(tail))}"
    yield f"o {sound} {head} {tail[:1]}{tail[-1:]}"
    yield f"i {sound} {head} {tail[1:-1]}"


def birth_of(year: int | None, month: int | None, day: int | None) -> Birth | None:
    """A birthday from the columns of a member."""
    return (year, month, day) if month is not None and day is not None else None


def is_slip(one: Birth, other: Birth) -> bool:
    """Whether two dates may be one that was mistyped: one digit, two neighbours, or day for month."""
    if None in (one[0], other[0]):
        return False
    if one[0] == other[0] and (one[1], one[2]) == (other[2], other[1]):
        return True
    return OSA.distance(_eight(one), _eight(other)) == 1


def _eight(born: Birth) -> str:
    year, month, day = born
    return f"{year:04d}{month:02d}{day:02d}"
