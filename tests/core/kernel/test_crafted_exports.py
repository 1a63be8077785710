"""An export that somebody changed brings back what is the plugin's own, or nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import CannotRun
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.relations import columns_of
from tessera.kernel.plugins.removal import remove
from tessera.kernel.plugins.restoring import restore

NOW = "2026-11-21 12:00:00+00"


@pytest.fixture
async def export(with_sauna, tmp_path) -> Path:
    """An export of a removed plugin, in a business with a role and a member of staff."""
    await access.add_store("main", name="Main street")
    await execute(
        "INSERT INTO role (code, title, permissions, created_at) VALUES ('host', 'Host', '[\"members.read\"]', $1)",
        clock.now(),
    )
    await remove("sauna", tmp_path / "s.zip")
    return tmp_path / "s.zip"


async def with_row(path: Path, table: str, **values: Any) -> None:
    """Put a row of a core table into an export, as somebody who knows the format would."""
    types = {column.name: column.type for column in await columns_of("public", table)}
    text = io.StringIO()
    csv.writer(text).writerows([list(values), list(values.values())])
    content = text.getvalue().encode()
    part = {
        "table": table,
        "member": f"core/crafted_{table}.csv",
        "columns": [{"name": name, "type": types[name]} for name in values],
        "rows": 1,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    _rewrite(path, {part["member"]: content}, lambda manifest: manifest["core"].append(part))


def with_grant(path: Path, *permissions: str) -> None:
    grant = {"table": "role", "key": "host", "permissions": list(permissions)}
    _rewrite(path, {}, lambda manifest: manifest["grants"].append(grant))


def _rewrite(path: Path, more: dict[str, bytes], change: Any) -> None:
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    members |= {**more, "manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


CRAFTED = [
    pytest.param(
        "event_label", {"kind": "member.created", "plugin": "sauna", "title": "{}", "icon": "x"}, id="another table"
    ),
    pytest.param("setting", {"key": "x.y", "value": "1", "plugin": "core", "updated_at": NOW}, id="a row of the core"),
    pytest.param(
        "setting",
        {"key": "messaging.mode", "value": '"on"', "plugin": "sauna", "updated_at": NOW},
        id="a setting of the core under the plugin's name",
    ),
    pytest.param("setting", {"key": "sauna.x", "value": "1", "updated_at": NOW}, id="a row that names no plugin"),
    pytest.param(
        "consumer",
        {"name": "records.person_changed", "plugin": "sauna", "position": 9, "updated_at": NOW},
        id="a reaction of the core under the plugin's name",
    ),
    pytest.param(
        "role",
        {"code": "sauna.king", "title": "King", "permissions": '["staff.write"]', "plugin": "sauna", "created_at": NOW},
        id="a role with rights of the core",
    ),
    pytest.param(
        "role",
        {"code": "sauna.king", "title": "King", "permissions": '"staff.write"', "plugin": "sauna", "created_at": NOW},
        id="a role whose rights are no list",
    ),
    pytest.param("inbox", {"id": str(uuid7()), "consumer": "rules", "event": str(uuid7()), "at": NOW}, id="a trace"),
]


@pytest.mark.parametrize(("table", "values"), CRAFTED)
async def test_rows_that_are_not_the_plugins_own_are_refused_and_nothing_is_restored(export, table, values):
    await with_row(export, table, **values)
    before = await fetchval(f"SELECT count(*) FROM {table}")
    with pytest.raises(CannotRun, match=rf'rows of {table} that "sauna" does not own, and nothing was restored'):
        await restore(export)
    assert await fetchval(f"SELECT count(*) FROM {table}") == before
    assert await fetchval("SELECT to_regnamespace('sauna')") is None


async def test_a_role_of_the_core_is_not_handed_to_anyone(export):
    with system_actor():
        ana = (await access.add_staff("ana", "Ana", "three quiet lanterns", role_code="host")).id
    await with_row(export, "staff_role", id=str(uuid7()), staff=str(ana), role="owner")
    with pytest.raises(CannotRun, match='1 rows of staff_role that "sauna" does not own'):
        await restore(export)
    assert await fetchval("SELECT count(*) FROM staff_role WHERE role = 'owner'") == 0


@pytest.mark.parametrize("permission", ["staff.write", "saunas.heat", "sauna"])
async def test_a_right_that_is_not_the_plugins_own_is_refused_and_none_is_given(export, permission):
    with_grant(export, "sauna.heat", permission)
    with pytest.raises(CannotRun, match=f'the permission "{permission}" that "sauna" does not own'):
        await restore(export)
    assert await fetchval("SELECT permissions FROM role WHERE code = 'host'") == ["members.read"]


async def test_a_right_of_the_plugin_is_given_back(export):
    with_grant(export, "sauna.heat")
    await restore(export)
    assert await fetchval("SELECT permissions FROM role WHERE code = 'host'") == ["members.read", "sauna.heat"]
