"""Icons by name: any outline icon of Tabler's set, drawn into the page itself."""

from __future__ import annotations

import difflib
import gzip
from functools import cache, lru_cache

from markupsafe import Markup, escape

from tessera.web.static import VENDOR, needs_assets

UNKNOWN = "point"


@cache
def shapes() -> dict[str, str]:
    """What stands inside the ``<svg>`` of each icon."""
    packed = VENDOR / "icons.txt.gz"
    needs_assets(packed)
    lines = gzip.decompress(packed.read_bytes()).decode().split("\n")
    return dict(line.split("\t", 1) for line in lines)


def nearest(name: str) -> str | None:
    """The icon that was perhaps meant; ``None`` where nothing is close."""
    return next(iter(difflib.get_close_matches(name, shapes(), n=1)), None)


@lru_cache(maxsize=1024)
def icon(name: str, classes: str = "", label: str = "") -> Markup:
    """An icon as SVG: decoration unless it has a ``label``; a name that does not exist draws a point."""
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="icon {}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>'
    ).format(escape(classes), role, Markup(shapes().get(name) or shapes()[UNKNOWN]))  # noqa: S704 - Tabler's own
