"""What cannot be done ends with one sentence that says what to do, and changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli.preloaded import preloaded
from cli.shop import Command, Shop, command, disk, listing, open_shop, place, refusal

from tessera.kernel.instance import create_instance

PICTURE = Path(__file__).parents[2] / "core" / "tessera" / "web" / "static" / "icon-192.png"

pytestmark = pytest.mark.xdist_group("refusals")


@pytest.fixture(scope="module")
def quick() -> Iterator[Command]:
    """A command line that is loaded once; a few tests start theirs anew all the same."""
    with preloaded() as command_line:
        yield command_line


@pytest.fixture(scope="module")
def shop(quick: Command) -> Iterator[Shop]:
    with open_shop() as opened:
        yield replace(opened, start=quick)


# --- settings and keys: refused before any database is touched ----------------------------------------


@pytest.fixture
def folder() -> Iterator[Path]:
    """An instance that was never opened."""
    with place() as above:
        create_instance(above / "shop")
        yield above / "shop"


@pytest.fixture
def refused(folder: Path, quick: Command) -> Callable[..., str]:
    """The sentence of a command on that instance, whose files stay as they were."""

    def ask(*arguments: object, **environment: str) -> str:
        before = listing(folder)
        said = refusal(quick("--instance", folder, *arguments, **environment))
        assert listing(folder) == before
        assert not (folder / "data" / "postgres").exists()
        return said

    return ask


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("[web]\nprot = 8000", '[web] has no key "prot", did you mean "port"?'),
        ("[wbe]\nport = 8000", 'there is no section "wbe", did you mean "web"?'),
        ('[web]\nport = "eighty"', "[web] port: expected `int`, got `str`"),
        ("[web", "is not valid TOML"),
        ('[web]\npublic_url = "crm.example.com"', "begin it with https://"),
    ],
)
def test_wrong_settings(folder, refused, settings, says):
    (folder / "tessera.toml").write_text(settings)
    assert says in refused("doctor")


def test_a_wrong_value_in_the_environment(refused):
    assert "TESSERA_WEB_PORT is wrong" in refused("run", TESSERA_WEB_PORT="eighty")


def test_a_folder_that_is_no_instance(folder, refused):
    (folder / "tessera.toml").unlink()
    assert "is no Tessera instance" in refused("doctor")


def test_a_key_file_that_is_gone(folder, refused):
    (folder / "keys.json").unlink()
    assert "restore it from `tessera key export`" in refused("store", "add", "b", "--name", "B")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_a_key_file_that_others_can_read(folder, refused):
    (folder / "keys.json").chmod(0o644)
    assert f"run chmod 600 {folder.resolve() / 'keys.json'}" in refused("run")


def test_a_key_file_that_is_damaged(folder, refused):
    (folder / "keys.json").write_text("{}")
    assert "is damaged" in refused("worker")


def test_a_database_that_does_not_answer(refused):
    url = "postgresql://tessera:hunter2@127.0.0.1:1/shop"
    said = refused("store", "add", "b", "--name", "B", TESSERA_DATABASE_URL=url)
    assert "the database at 127.0.0.1:1/shop cannot be reached" in said
    assert "hunter2" not in said


# --- making an instance -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--currency", "DUCAT"], "DUCAT"),
        (["--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["--plugins", "fitnes"], 'there is no plugin "fitnes"'),
    ],
)
def test_init_with_wrong_values_leaves_no_folder(quick, options, says):
    with place() as above:
        assert says in refusal(quick("init", above / "shop", "--business", "Harbour", *options))
        assert list(above.iterdir()) == []


def test_init_into_a_folder_that_holds_something(quick, folder):
    (folder / "tessera.toml").unlink()
    before = listing(folder)
    assert "is not an empty folder" in refusal(quick("init", folder, "--business", "Harbour"))
    assert listing(folder) == before


def test_init_into_an_instance(folder):
    before = listing(folder)
    assert "already holds an instance" in refusal(command("init", folder, "--business", "Harbour"))
    assert listing(folder) == before


def test_init_below_a_file(folder):
    said = refusal(command("init", folder / "tessera.toml" / "shop", "--business", "Harbour"))
    assert "Not a directory" in said
    assert (folder / "tessera.toml").is_file()


needs_mount = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0 or not shutil.which("mount"), reason="only root may mount a small disk"
)


@needs_mount
def test_init_on_a_full_disk(quick):
    with disk("size=8m,mode=0711") as full:
        said = refusal(quick("init", full / "shop", "--business", "Harbour"))
        assert "No space left on device" in said
        assert list(full.iterdir()) == []


@needs_mount
def test_init_on_a_disk_that_cannot_be_written(quick):
    with disk("size=8m,mode=0711,ro") as locked:
        said = refusal(quick("init", locked / "shop", "--business", "Harbour"))
        assert "Read-only file system" in said


# --- an instance at work -----------------------------------------------------------------------------


@pytest.mark.usefixtures("unchanged")
def test_a_port_that_is_taken(shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(command("--instance", shop.folder, "run", "--port", port))
    assert f"port {port} on 127.0.0.1 cannot be used" in said
    assert "--port" in said


@pytest.mark.usefixtures("unchanged")
def test_init_into_a_database_that_holds_a_business(quick, shop):
    with place() as above:
        said = refusal(quick("init", above / "other", "--business", "Other", TESSERA_DATABASE_URL=shop.server.dsn()))
        assert 'already holds the business "Harbour"' in said
        assert list(above.iterdir()) == []


def test_a_database_that_is_newer_than_the_code(shop):
    shop.sql("INSERT INTO migration (plugin, id, ran_at) VALUES ('core', '9999-01-01', now())")
    try:
        before = shop.state()
        said = [refusal(shop.run(*c)) for c in (["migrate"], ["store", "add", "b", "--name", "B"])]
        assert shop.state() == before
    finally:
        shop.sql("DELETE FROM migration WHERE id = '9999-01-01'")
    assert all("the database is newer than this version of Tessera" in one for one in said)


def test_a_database_that_is_older_than_the_code(shop):
    shop.sql("CREATE TABLE kept AS SELECT * FROM migration WHERE plugin = 'core' ORDER BY id DESC LIMIT 1")
    shop.sql("DELETE FROM migration WHERE (plugin, id) IN (SELECT plugin, id FROM kept)")
    try:
        said = refusal(shop.run("store", "add", "b", "--name", "B"))
    finally:
        shop.sql("INSERT INTO migration SELECT * FROM kept")
        shop.sql("DROP TABLE kept")
    assert "run `tessera backup FILE`, then `tessera migrate`" in said


MANIFEST = 'from tessera_hooks import Manifest, hookimpl\n\nMANIFEST = Manifest(name="cafe", title="Café"{more})\n'


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("cafe", "MANIFEST = Manifest(\n", 'plugin "cafe" cannot be imported (SyntaxError'),
        ("cafe", MANIFEST.format(more=', requires=("booking",)'), 'requires "booking", which is not installed'),
        ("cafe", MANIFEST.format(more="") + "@hookimpl\ndef permisions(): return []\n", 'did you mean "permissions"?'),
        ("cafe", MANIFEST.format(more="") + "@hookimpl\ndef rules(): return 1 / 0\n", "fails in rules()"),
        ("json", MANIFEST.format(more=""), "has the name of another Python module"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_local_plugin_that_is_broken(shop, name, text, says):
    file = shop.folder / "plugins" / f"{name}.py"
    file.write_text(text)
    try:
        said = refusal(shop.run("store", "add", "b", "--name", "B"))
    finally:
        file.unlink()
    assert says in said


def test_a_plugin_that_is_enabled_and_gone(shop):
    file = shop.folder / "plugins" / "cafe.py"
    file.write_text(MANIFEST.format(more=""))
    assert shop.run("plugin", "enable", "cafe").returncode == 0
    file.unlink()
    said = refusal(shop.run("store", "add", "b", "--name", "B"))
    assert 'plugin "cafe" is enabled and not installed' in said
    assert "`tessera plugin disable cafe`" in said
    assert shop.run("plugin", "disable", "cafe").returncode == 0


# --- single commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), [("members", "list.csv"), ("purchases", "list.xlsx")])
@pytest.mark.usefixtures("unchanged")
def test_a_picture_under_another_name_is_no_list(shop, tmp_path, kind, name):
    shutil.copy(PICTURE, tmp_path / name)
    said = refusal(shop.run("import", kind, tmp_path / name))
    assert name in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "members", "nowhere.csv"], "nowhere.csv"),
        (["import", "undo", "019a0000-0000-7000-8000-000000000000"], "there is no import"),
        (["store", "add", "main", "--name", "Again"], "main"),
        (["apikey", "add", "till", "--permission", "members.raed"], "members.raed"),
        (["plugin", "enable", "fitnes"], 'no plugin "fitnes" is installed'),
        (["plugin", "remove", "fitnes", "--yes"], "fitnes"),
        (["plugin", "restore", "nowhere.zip"], "nowhere.zip cannot be read"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_what_a_command_was_given_does_not_exist(shop, arguments, says):
    assert says in refusal(shop.run(*arguments))


@pytest.mark.parametrize(
    ("login", "options", "password", "says"),
    [
        ("ana", ["--role", "king"], "correct horse battery", "king"),
        ("ana", ["--role", "owner"], "short", "at least 8 characters"),
        ("ana", ["--role", "owner"], None, "TESSERA_PASSWORD"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_staff_that_cannot_be_added(shop, login, options, password, says):
    given = {"TESSERA_PASSWORD": password} if password else {}
    assert says in refusal(shop.run("staff", "add", login, "--name", "Ana", *options, **given))


@pytest.mark.usefixtures("unchanged")
def test_a_file_that_is_no_backup(shop, tmp_path):
    (tmp_path / "old.tessera").write_bytes(PICTURE.read_bytes())
    assert "old.tessera" in refusal(shop.run("restore", tmp_path / "old.tessera"))


@pytest.mark.usefixtures("unchanged")
def test_a_backup_that_cannot_be_written(shop, tmp_path):
    assert "missing" in refusal(shop.run("backup", tmp_path / "missing" / "today.tessera"))


@pytest.mark.usefixtures("unchanged")
def test_a_backup_never_replaces_a_file(shop, tmp_path):
    (tmp_path / "today.tessera").write_text("mine")
    assert "is there already" in refusal(shop.run("backup", tmp_path / "today.tessera"))
    assert (tmp_path / "today.tessera").read_text() == "mine"


@pytest.mark.usefixtures("unchanged")
def test_keys_are_not_exported_under_a_weak_passphrase(shop, tmp_path):
    said = refusal(shop.run("key", "export", tmp_path / "keys.txt", TESSERA_PASSPHRASE="1234"))
    assert "use at least 12 characters" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unchanged")
def test_keys_are_not_imported_from_something_else(shop, tmp_path):
    (tmp_path / "keys.txt").write_bytes(PICTURE.read_bytes())
    said = refusal(shop.run("key", "import", tmp_path / "keys.txt", TESSERA_PASSPHRASE="correct horse battery"))
    assert "holds no exported keys" in said
