"""Whether every text that people read has its Chinese: ``python tests/contracts/translations.py``.

Texts are found where they are marked, in Python and in templates, of the core and of every bundled
plugin; a missing, empty or left-over translation, or one that loses a value in braces, is named.
``--write`` adds the missing ones, empty, and drops what is left over.
"""

from __future__ import annotations

import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
FIXED = datetime(2026, 1, 1, tzinfo=UTC)
"""What a catalogue says of its age, so that writing it again changes nothing."""

KEYWORDS = {"_": None, "gettext": None}


@dataclass(frozen=True)
class Part:
    """A part with texts of its own, and the catalogues whose translations it may use."""

    name: str
    folders: tuple[Path, ...]
    catalogue: Path


def parts() -> Iterator[Part]:
    """The core with the contract, then each bundled plugin."""
    core = ROOT / "core" / "tessera"
    folders = (core, ROOT / "hooks" / "tessera_hooks")
    yield Part("core", folders, core / "locale" / "zh_Hans" / "LC_MESSAGES" / "tessera.po")
    for plugin in sorted((ROOT / "plugins").glob("*/tessera_*")):
        name = plugin.parent.name
        yield Part(name, (plugin,), plugin / "locale" / "zh_Hans" / "LC_MESSAGES" / f"{name}.po")


def texts(part: Part) -> dict[str, list[str]]:
    """Every text of a part with the places where it stands."""
    found: dict[str, list[str]] = {}
    for folder in part.folders:
        for name, line, message, _comments, _context in extract_from_dir(folder, METHODS, keywords=KEYWORDS):
            if isinstance(message, str) and message:
                found.setdefault(message, []).append(f"{(folder / name).relative_to(ROOT)}:{line}")
    return found


def catalogue(path: Path) -> Catalog:
    """A catalogue as it is, or an empty one."""
    if not path.exists():
        return Catalog(locale="zh_Hans")
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def values(text: str) -> set[str]:
    """The names in braces; a text with stray braces has none."""
    try:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}
    except ValueError:
        return set()


def problems(part: Part, shared: Catalog | None) -> Iterator[str]:
    """What is wrong with a part's translations."""
    known = catalogue(part.catalogue)
    wanted = texts(part)
    for text, places in sorted(wanted.items()):
        message = known.get(text) or (shared.get(text) if shared else None)
        if message is None or not message.string:
            yield f"{part.name}: no Chinese for {text!r} ({places[0]})"
        elif values(text) != values(str(message.string)):
            yield f"{part.name}: the Chinese of {text!r} has other values in braces ({places[0]})"
    for message in known:
        if message.id and message.id not in wanted:
            yield f"{part.name}: {message.id!r} is translated and used nowhere"


def write(part: Part, shared: Catalog | None) -> None:
    """Add what is missing, drop what is left over, sort."""
    known = catalogue(part.catalogue)
    fresh = Catalog(locale="zh_Hans", project="Tessera", version="", fuzzy=False, creation_date=FIXED)
    fresh.header_comment = f"# Simplified Chinese of Tessera: {part.name}."
    fresh.revision_date, fresh.last_translator = FIXED, "The Tessera authors"
    for text in sorted(texts(part)):
        there = known.get(text)
        elsewhere = shared.get(text) if shared else None
        if there is None and elsewhere is not None:
            continue
        fresh.add(text, str(there.string) if there is not None and there.string else "")
    part.catalogue.parent.mkdir(parents=True, exist_ok=True)
    with part.catalogue.open("wb") as file:
        write_po(file, fresh, width=0, omit_header=False, no_location=True)


def main() -> int:
    """Print what is wrong and answer 1, or say that all is well."""
    shared: Catalog | None = None
    wrong: list[str] = []
    for part in parts():
        if "--write" in sys.argv:
            write(part, shared)
        wrong += problems(part, shared)
        shared = shared or catalogue(part.catalogue)
    for line in wrong:
        print(line)
    print(f"{len(wrong)} texts to mend" if wrong else "every text has its Chinese")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
