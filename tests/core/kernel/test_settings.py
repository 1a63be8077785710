"""Settings: what is wrong is said in one sentence that names it and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tessera.kernel.errors import CannotRun
from tessera.kernel.settings import load_settings


@pytest.fixture
def toml(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "tessera.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_an_empty_file_gives_the_defaults(toml):
    settings = load_settings(toml(""), {})
    assert (settings.database.url, settings.web.port, settings.worker.beside) == ("", 8000, True)


def test_the_environment_lies_over_the_file(toml):
    settings = load_settings(toml("[web]\nport = 9000\n"), {"TESSERA_WEB_PORT": "9100"})
    assert settings.web.port == 9100


def test_a_list_in_the_environment_is_separated_by_commas(toml):
    settings = load_settings(toml(""), {"TESSERA_WEB_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2"})
    assert settings.web.trusted_proxies == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[web]\nprot = 1", r'\[web\] has no key "prot", did you mean "port"\?'),
        ("[databse]\nurl = ''", r'there is no section "databse", did you mean "database"\?'),
        ("[web]\nport = 'eighty'", r"\[web\] port: expected `int`, got `str`"),
        ("[web]\nport = 70000", r"port is 70000: choose one from 1 to 65535"),
        ("[web]\nworkers = 0", r"workers is 0: it must be at least 1"),
        ("[web]\npublic_url = 'crm.example.com'", r'public_url is "crm.example.com": begin it with https://'),
        ("[database]\nurl = 'mysql://x'", r"must begin with postgresql://"),
        ("web = 3", r'"web" must be a section: write \[web\]'),
        ("[web", r"is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_the_next_step(toml, text, sentence):
    with pytest.raises(CannotRun, match=sentence):
        load_settings(toml(text), {})


def test_a_wrong_value_in_the_environment_is_named(toml):
    with pytest.raises(CannotRun, match="the environment's TESSERA_WEB_PORT is wrong"):
        load_settings(toml(""), {"TESSERA_WEB_PORT": "many"})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CannotRun, match=r"nowhere\.toml cannot be read"):
        load_settings(tmp_path / "nowhere.toml", {})
