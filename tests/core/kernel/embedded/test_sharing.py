"""The embedded server, with real processes that share it, leave it and are killed; and how it is reached."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import psycopg
import pytest
from core.kernel.embedded.servers import (
    HOLDER,
    QUICK,
    as_root,
    ask,
    is_up,
    kill_server,
    leave,
    on_posix,
    postmaster,
    tell,
)

from tessera.kernel import embedded
from tessera.kernel.embedded import handles, server, settings
from tessera.kernel.embedded.cluster import Cluster
from tessera.kernel.errors import CannotRun

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


def test_whoever_removes_a_folder_is_told_that_another_process_uses_it(data, holder):
    other = holder()
    assert embedded.is_in_use(data)
    leave(other)
    assert not embedded.is_in_use(data)


def test_processes_that_begin_together_make_one_database(new):
    code = HOLDER.replace("sys.stdin.readline()", "")
    crowd = [subprocess.Popen([sys.executable, "-c", code, str(new)], stdout=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate(timeout=60)[0].strip() for process in crowd] == [b"holds"] * 3
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
    victim.wait(60)
    assert postmaster(data).pid == left
    handle = embedded.acquire(data)
    assert postmaster(data).pid == left
    handle.release()
    assert not is_up(data)


def test_a_killed_holder_does_not_stop_the_others(data, held, holder):
    victim = holder()
    victim.kill()
    victim.wait(60)
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
    victim.wait(60)
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
