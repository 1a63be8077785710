"""Where the embedded server runs: what is refused, what root does, the log, the tools and the doctor."""

import errno
import os

import psycopg
import pytest
from core.kernel.embedded.servers import (
    QUICK,
    as_root,
    ask,
    is_up,
    postmaster,
    running,
    tell,
)
from psycopg import pq

from tessera.kernel import embedded
from tessera.kernel.embedded import account, binaries, checks, settings
from tessera.kernel.embedded.server import Server
from tessera.kernel.errors import CannotRun

# -- refusals


def test_a_server_that_ends_while_starting_says_why_and_where(data):
    with pytest.raises(CannotRun, match=r"did not start: .*FATAL: .*(see .*postgres\.log)") as refusal:
        embedded.acquire(data, options={**QUICK, "max_wal_senders": "60", "wal_level": "minimal"})
    assert "\n" not in str(refusal.value)
    embedded.acquire(data, options=QUICK).release()
    assert not is_up(data)


def test_a_setting_that_is_none_is_refused(data):
    with pytest.raises(CannotRun, match="'fsync; x' cannot be set"):
        embedded.acquire(data, options={"fsync; x": "off"})


def test_a_database_of_another_postgresql_is_left_alone(new):
    (new / "postgres").mkdir(parents=True)
    (new / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(CannotRun, match=r"was made by PostgreSQL 16 and this is PostgreSQL 18: make a backup"):
        embedded.acquire(new)


def test_files_that_are_no_database_are_left_alone(new):
    (new / "postgres").mkdir(parents=True)
    (new / "postgres" / "notes.txt").write_text("mine")
    with pytest.raises(CannotRun, match="holds files but no PostgreSQL database"):
        embedded.acquire(new)
    assert (new / "postgres" / "notes.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_sentence(folder):
    (folder / "file").touch()
    with pytest.raises(CannotRun, match=r"cannot be used .*Not a directory"):
        embedded.acquire(folder / "file" / "data")


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "No space left on device.*: free some space$"), (errno.EROFS, "Read-only file system")],
)
def test_a_full_or_read_only_disk_is_one_sentence_and_leaves_nothing(new, monkeypatch, number, advice):
    def refuse(path, *args, **kwargs):
        raise OSError(number, os.strerror(number), str(path))

    with monkeypatch.context() as patched:
        patched.setattr("tessera.kernel.embedded.cluster.give", refuse)
        with pytest.raises(CannotRun, match=advice):
            embedded.acquire(new, options=QUICK)
    assert not new.exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(folder):
    closed = folder / "closed"
    closed.mkdir(0o500)
    with pytest.raises(CannotRun, match=r"Permission denied.*: run tessera as the user who owns it"):
        embedded.acquire(closed / "data")


# -- root


@as_root
def test_root_runs_the_server_as_a_system_user_without_roots_groups(shared):
    process = postmaster(shared.data)
    assert process.username() == account.SYSTEM_USER
    assert 0 not in process.gids()


@as_root
def test_root_is_refused_below_a_private_folder_which_stays_private(folder):
    private = folder / "private"
    private.mkdir(0o700)
    with pytest.raises(CannotRun, match=rf"may not enter {private}: run tessera as an unprivileged user"):
        embedded.acquire(private / "shop" / "data")
    assert private.stat().st_mode & 0o777 == 0o700
    (private / "data").mkdir()
    assert any(f"may not enter {private}" in sentence for sentence in embedded.problems(private / "data"))


@as_root
def test_a_private_data_folder_of_root_lets_one_group_through_and_nobody_else(new):
    new.mkdir(0o700)
    embedded.acquire(new, options=QUICK).release()
    assert new.stat().st_mode & 0o777 == 0o710


@as_root
def test_what_root_does_on_somebodys_instance_leaves_it_theirs(new):
    owner = account.account_for(new)
    new.mkdir(0o700)
    os.chown(new, owner.uid, owner.gid)
    embedded.acquire(new, options=QUICK).release()
    assert {path.owner() for path in new.iterdir()} == {owner.name}


@as_root
def test_programs_below_a_private_folder_are_copied_once(data, folder, monkeypatch):
    site = folder / "site"
    package = binaries.INSTALLED.parents[1]
    (site / package.name).mkdir(parents=True)
    (site / package.name / binaries.INSTALLED.parent.name).symlink_to(binaries.INSTALLED.parent)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        (site / libraries.name).symlink_to(libraries)
    site.chmod(0o700)
    monkeypatch.setattr(binaries, "INSTALLED", site / binaries.INSTALLED.relative_to(package.parent))
    monkeypatch.setattr(binaries, "COPIES", folder / "copies")
    embedded.acquire(data, options=QUICK).release()
    (copy,) = (folder / "copies").iterdir()
    made = copy.stat().st_ino
    handle = embedded.acquire(data, options=QUICK)
    assert postmaster(data).exe().startswith(str(copy))
    assert copy.stat().st_ino == made
    handle.release()


@as_root
def test_without_useradd_root_is_advised(new, monkeypatch):
    monkeypatch.setattr(account, "SYSTEM_USER", "tessera-pg-absent")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CannotRun, match=r"there is no useradd here\): run tessera as an unprivileged user"):
        embedded.acquire(new)
    assert not new.exists()


# -- the log, the tools, the doctor


def test_values_of_rows_do_not_reach_the_log(shared):
    tell(shared, "CREATE TABLE member (phone text PRIMARY KEY)", "INSERT INTO member VALUES ('13800138000')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        tell(shared, "INSERT INTO member VALUES ('13800138000')")
    logged = (shared.data / "postgres.log").read_text()
    assert "duplicate key" in logged
    assert "13800138000" not in logged


def test_a_large_log_is_put_aside_at_the_next_start(data):
    embedded.acquire(data, options=QUICK).release()
    with (data / "postgres.log").open("a") as log:
        log.truncate(11 * 1024 * 1024)
    embedded.acquire(data, options=QUICK).release()
    assert (data / "postgres.log").stat().st_size < 100_000
    assert (data / "postgres.log.1").exists()


def test_a_dump_is_restored_into_another_database(data, held, folder):
    tell(held, "CREATE TABLE body_test (place text)", "INSERT INTO body_test VALUES ('徐汇')")
    embedded.run_tool("pg_dump", ["--format=custom", f"--file={folder / 'dump'}"], server=held)
    other = embedded.acquire(data, database="restored")
    embedded.run_tool("pg_restore", ["--dbname", other.dsn(), folder / "dump"], server=other)
    assert ask(other, "SELECT place FROM body_test") == "徐汇"
    other.release()


def test_a_tool_that_fails_says_why(shared):
    with pytest.raises(CannotRun, match=r"^psql failed: .*relation \"nowhere\" does not exist"):
        embedded.run_tool("psql", ["-c", "SELECT * FROM nowhere"], server=shared)


def test_a_tool_that_takes_too_long_is_ended(shared):
    with pytest.raises(CannotRun, match=r"psql did not finish in 0.3 seconds"):
        embedded.run_tool("psql", ["-c", "SELECT pg_sleep(5)"], server=shared, timeout=0.3)


def test_settings_of_the_environment_do_not_lead_elsewhere(data, monkeypatch):
    for name, value in {"PGHOST": "db.example.com", "PGPORT": "1", "PGDATA": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    handle = embedded.acquire(data, options=QUICK)
    assert embedded.run_tool("psql", ["-Atc", "SELECT current_database()"], server=handle) == "tessera\n"
    handle.release()


def test_settings_of_ones_own_are_kept_beside_those_of_tessera(data):
    embedded.acquire(data, options=QUICK).release()
    (data / "postgres" / settings.LOCAL_FILE).write_text("max_connections = 33\n")
    (data / "postgres" / settings.LOCAL_FILE).chmod(0o644)
    handle = embedded.acquire(data, options=QUICK)
    assert ask(handle, "SHOW max_connections") == "33"
    handle.release()
    (data / "postgres" / settings.LOCAL_FILE).unlink()


def test_the_doctor_finds_a_short_disk_and_a_foreign_version(new, monkeypatch):
    (new / "postgres").mkdir(parents=True)
    (new / "postgres" / "PG_VERSION").write_text("16\n")
    monkeypatch.setattr(checks, "ROOM", 10**18)
    found = "\n".join(embedded.problems(new))
    assert "MB are free" in found
    assert "was made by PostgreSQL 16" in found


def test_the_doctor_has_nothing_but_root_to_say_about_a_sound_instance(shared):
    assert [sentence for sentence in embedded.problems(shared.data) if "runs as root" not in sentence] == []


def test_a_server_that_is_up_answers_before_any_process_table_is_asked(data, held, monkeypatch):
    monkeypatch.setattr(Server, "postmaster", lambda self: None)
    assert embedded.restart_if_dead(held) is False
    assert running(data).ping() == pq.Ping.OK
