"""The embedded server, with real processes that share it, leave it and are killed."""

import errno
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import psycopg
import pytest
from psycopg import pq

from tessera.kernel import embedded
from tessera.kernel.embedded import account, binaries, checks, handles, server, settings
from tessera.kernel.embedded.cluster import Cluster
from tessera.kernel.embedded.server import Server
from tessera.kernel.errors import CannotRun

QUICK = {"fsync": "off", "shared_buffers": "8MB"}
HOLDER = """
import sys
from pathlib import Path
from tessera.kernel import embedded
server = embedded.acquire(Path(sys.argv[1]), options={"fsync": "off"})
print("holds", flush=True)
sys.stdin.readline()
server.release()
"""

on_posix = pytest.mark.skipif(os.name == "nt", reason="folder modes and sockets of POSIX")
as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root runs the server as another")


@contextmanager
def passable_folder():
    """A folder that other accounts may pass through, unlike pytest's own; no server outlives it."""
    made = Path(tempfile.mkdtemp(prefix="tessera-test-")).resolve()
    made.chmod(0o711)
    yield made
    end_servers_below(made)
    shutil.rmtree(made)


def end_servers_below(folder):
    servers = [process for process in psutil.process_iter() if is_postmaster_below(process, folder)]
    for process in servers:
        process.send_signal(signal.SIGQUIT)
    psutil.wait_procs(servers, timeout=5)


@pytest.fixture
def folder():
    with passable_folder() as made:
        yield made


@pytest.fixture(scope="module")
def shared():
    """One server for all tests that leave it as it was."""
    with passable_folder() as made:
        handle = embedded.acquire(made / "data", options=QUICK)
        yield handle
        handle.release()


@pytest.fixture(scope="module")
def resting():
    """A folder with a database, near enough to / for a socket in it."""
    with passable_folder() as made:
        embedded.acquire(made / "data", options=QUICK).release()
        yield made / "data"


@pytest.fixture(scope="module")
def resting_far():
    """A folder with a database, with a path too long for a socket in it."""
    with passable_folder() as made:
        embedded.acquire(made / ("shop-" * 25) / "data", options=QUICK).release()
        yield made / ("shop-" * 25) / "data"


@pytest.fixture
def new(folder):
    """A data folder that does not exist yet."""
    return folder / "data"


@pytest.fixture
def data(resting):
    """The folder of a database at rest, which is at rest again for the next test."""
    yield resting
    end_servers_below(resting)


@pytest.fixture
def far(resting_far):
    """The same with a long path."""
    yield resting_far
    end_servers_below(resting_far)


@pytest.fixture
def held(data):
    """A handle that is given back whatever happens."""
    handle = embedded.acquire(data, options=QUICK)
    yield handle
    handle.release()


@pytest.fixture
def holder(data):
    """Starts processes that hold the server until they are told to leave."""
    running = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        running.append(process)
        assert process.stdout.readline().strip() == b"holds"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def is_postmaster_below(process, made):
    try:
        return process.name().startswith("postgres") and any(str(made) in part for part in process.cmdline())
    except psutil.Error:
        return False


def leave(process):
    process.communicate(b"\n", timeout=8)
    assert process.returncode == 0


def running(data):
    return Server(Cluster.of(data))


def postmaster(data):
    found = running(data).postmaster()
    assert found is not None
    return found


def is_up(data):
    return running(data).postmaster() is not None


def kill_server(data):
    postmaster(data).kill()
    # Not waited for by its pid: where nobody reaps it, the zombie stays.
    deadline = time.monotonic() + 5
    while is_up(data):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ask(handle, query):
    with psycopg.connect(handle.dsn()) as connection:
        return connection.execute(query).fetchone()[0]


def tell(handle, *statements):
    with psycopg.connect(handle.dsn(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


# -- making and sharing


async def test_a_new_folder_gets_a_server_and_a_database(shared):
    connection = await asyncpg.connect(**shared.connection)
    try:
        assert await connection.fetchval("SELECT current_database()") == "tessera"
    finally:
        await connection.close()


def test_names_sort_by_code_point_whatever_the_system_says(shared):
    provider = ask(
        shared, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()"
    )
    assert provider == "bC.UTF-8"


@on_posix
def test_nobody_but_its_account_can_enter_the_data_and_no_port_is_open(shared):
    assert (shared.data / "postgres").stat().st_mode & 0o777 == 0o700
    assert postmaster(shared.data).net_connections("inet") == []


def test_a_handle_taken_twice_counts_twice_and_given_back_twice_counts_once(data, held):
    second = embedded.acquire(data)
    second.release()
    second.release()
    assert is_up(data)
    held.release()
    assert not is_up(data)


def test_two_processes_share_one_server_and_the_last_one_stops_it(data, holder):
    first, second = holder(), holder()
    shared = postmaster(data).pid
    leave(first)
    assert postmaster(data).pid == shared
    leave(second)
    assert not is_up(data)


def test_processes_that_begin_together_make_one_database(new):
    code = HOLDER.replace("sys.stdin.readline()", "")
    crowd = [subprocess.Popen([sys.executable, "-c", code, str(new)], stdout=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate(timeout=9)[0].strip() for process in crowd] == [b"holds"] * 3
    assert not is_up(new)


@on_posix
def test_a_forked_child_cannot_give_back_what_its_parent_holds(data, held):
    child = multiprocessing.get_context("fork").Process(target=held.release)
    child.start()
    child.join(5)
    assert child.exitcode == 0
    assert is_up(data)


def test_a_second_database_is_made_beside_the_first(data, held):
    other = embedded.acquire(data, database="Ana's shop")
    assert ask(other, "SELECT current_database()") == "Ana's shop"
    other.release()


# -- killed processes


def test_a_killed_holder_leaves_a_server_that_the_next_one_takes_over_and_stops(data, holder):
    victim = holder()
    left = postmaster(data).pid
    victim.kill()
    victim.wait(5)
    assert postmaster(data).pid == left
    handle = embedded.acquire(data)
    assert postmaster(data).pid == left
    handle.release()
    assert not is_up(data)


def test_a_killed_holder_does_not_stop_the_others(data, held, holder):
    victim = holder()
    victim.kill()
    victim.wait(5)
    assert ask(held, "SELECT 1") == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are read from /proc")
def test_the_server_inherits_no_lock_file(shared):
    opened = {
        str(entry.readlink())
        for process in (postmaster(shared.data), *postmaster(shared.data).children())
        for entry in Path(f"/proc/{process.pid}/fd").iterdir()
        if entry.is_symlink()
    }
    assert opened
    assert not {str(shared.data / handles.IN_USE), str(shared.data / handles.STARTING)} & opened


@on_posix
def test_control_c_in_the_terminal_of_a_holder_does_not_reach_the_server(data, holder):
    victim = holder()
    os.killpg(victim.pid, signal.SIGINT)
    victim.wait(5)
    handle = embedded.acquire(data)
    assert ask(handle, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'checkpointer'") == 1
    handle.release()


@on_posix
def test_what_was_committed_is_there_after_the_server_was_killed(data, held):
    tell(held, "CREATE TABLE visit (place text)", "INSERT INTO visit VALUES ('Xuhui')")
    kill_server(data)
    again = embedded.acquire(data)
    assert ask(again, "SELECT place FROM visit") == "Xuhui"
    again.release()


@on_posix
def test_a_running_process_restarts_a_killed_server_once(data, held):
    kill_server(data)
    assert embedded.restart_if_dead(held) is True
    assert embedded.restart_if_dead(held) is False
    assert ask(held, "SELECT 1") == 1


def test_a_released_handle_restarts_nothing(held):
    held.release()
    with pytest.raises(CannotRun, match="was released: acquire it again"):
        embedded.restart_if_dead(held)


@on_posix
def test_a_foreign_program_that_has_the_old_pid_is_not_taken_for_the_server(data, held):
    kill_server(data)
    identity = Cluster.of(data).account
    stranger = subprocess.Popen(["sleep", "30"], **(identity.process if identity else {}))
    try:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            lines = (data / "postgres" / name).read_text().splitlines(keepends=True)
            (data / "postgres" / name).write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        assert embedded.restart_if_dead(held) is True
        assert ask(held, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@on_posix
def test_whoever_waits_for_recovery_is_told(data, held, monkeypatch):
    monkeypatch.setattr(server, "TELL_AFTER", 0)
    kill_server(data)
    said = []
    embedded.restart_if_dead(held, said.append)
    assert said == ["PostgreSQL is recovering after a crash; this can take some minutes"]


def test_whoever_waits_for_another_process_is_told(data, holder, monkeypatch):
    monkeypatch.setattr(handles, "TELL_AFTER", 0.05)
    holder()
    code = (
        "import fasteners, sys, time; lock = fasteners.InterProcessLock(sys.argv[1]); lock.acquire(); "
        "print('holds', flush=True); sys.stdin.readline()"
    )
    busy = subprocess.Popen(
        [sys.executable, "-c", code, str(data / handles.STARTING)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    busy.stdout.readline()
    said = []

    def hear(sentence):
        said.append(sentence)
        busy.communicate(b"\n")

    embedded.acquire(data, on_wait=hear).release()
    assert said == ["another process is starting or stopping PostgreSQL; waiting for it"]


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


# -- sockets


@on_posix
def test_a_long_path_gets_a_short_private_socket_folder_that_goes_with_the_server(far):
    handle = embedded.acquire(far, options=QUICK)
    short = Path(handle.connection["host"])
    assert ask(handle, "SELECT 1") == 1
    assert short.parent == Path(tempfile.gettempdir()).resolve()
    assert short.stat().st_mode & 0o777 == 0o700
    assert short.stat().st_uid == Cluster.of(far).uid
    handle.release()
    assert not short.exists()


@on_posix
def test_a_killed_server_with_a_short_socket_folder_is_restarted(far):
    handle = embedded.acquire(far, options=QUICK)
    kill_server(far)
    assert embedded.restart_if_dead(handle) is True
    assert ask(handle, "SELECT 1") == 1
    handle.release()


@on_posix
def test_a_link_in_place_of_the_socket_folder_is_refused(far, folder):
    short = Cluster.of(far).socket_folder()
    short.symlink_to(folder)
    try:
        with pytest.raises(CannotRun, match="is not a folder of the account that runs PostgreSQL"):
            embedded.acquire(far)
    finally:
        short.unlink()


@as_root
def test_a_socket_folder_of_somebody_else_is_refused(far):
    short = Cluster.of(far).socket_folder()
    short.mkdir(0o777)
    os.chown(short, 54321, 54321)
    try:
        with pytest.raises(CannotRun, match="somebody else made it"):
            embedded.acquire(far)
        assert any("somebody else made it" in sentence for sentence in embedded.problems(far))
    finally:
        short.rmdir()


@on_posix
def test_a_socket_that_is_not_to_be_seen_is_one_sentence(data, held):
    told = data / "postgres" / "postmaster.pid"
    lines = told.read_text().splitlines(keepends=True)
    told.write_text("".join([*lines[:4], "/nonexistent\n", *lines[5:]]))
    with pytest.raises(CannotRun, match="its socket in /nonexistent is not to be seen from here"):
        embedded.acquire(data)
    told.write_text("".join(lines))


# -- loopback with a password, as on Windows


@pytest.fixture
def loopback(monkeypatch):
    monkeypatch.setattr(settings, "LISTENS_ON_TCP", True)


def test_on_loopback_a_password_is_asked_and_kept_private(new, loopback):
    handle = embedded.acquire(new, options=QUICK)
    assert ask(handle, "SELECT 1") == 1
    assert (new / settings.LOGIN_FILE).stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=handle.connection["port"], user="postgres", password="guess")
    assert embedded.run_tool("psql", ["-Atc", "SELECT 7"], server=handle) == "7\n"
    handle.release()


def test_on_loopback_a_taken_port_is_given_up(new, loopback):
    first = embedded.acquire(new, options=QUICK)
    port = first.connection["port"]
    first.release()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        second = embedded.acquire(new, options=QUICK)
        assert second.connection["port"] != port
        assert ask(second, "SELECT 1") == 1
        second.release()


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
