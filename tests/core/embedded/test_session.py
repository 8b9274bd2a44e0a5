"""The databases as real processes: what a killed one, or a killed owner, leaves and loses."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg
import pytest
import redis

from apps.core.embedded.gate import find_folder_users
from apps.core.embedded.home import REPOSITORY, Home, embedded_urls
from apps.core.embedded.lock import is_held
from apps.core.embedded.services import running_services
from apps.core.embedded.session import embedded_services
from tests.core.embedded.processes import is_gone, list_servers, wait_until

pytestmark = pytest.mark.integration

NOTHING_GIVEN: dict[str, str] = {}
# Keeps the databases alive as `up` does, until told to stop.
OWNER = """
import sys
from apps.core.embedded.account import find_service_account
from apps.core.embedded.folders import make_home
from apps.core.embedded.home import embedded_urls, resolve_home
from apps.core.embedded.interrupts import listen_to_signals
from apps.core.embedded.lock import hold_home
from apps.core.embedded.postgres import ensure_database
from apps.core.embedded.relay import LogRelay
from apps.core.embedded.services import ALL_SERVICES, start_services
from apps.core.embedded.supervisor import Supervisor

home, account = resolve_home(), find_service_account()
make_home(home, account)
with hold_home(home), listen_to_signals() as bell:
    supervisor = Supervisor(LogRelay(open(2, "wb", buffering=0), colour=False), bell)
    start_services(supervisor, home, account, ALL_SERVICES)
    supervisor.wait_ready(*ALL_SERVICES, seconds=60)
    ensure_database(embedded_urls(home).database_url)
    print("ready", flush=True)
    supervisor.watch()
    supervisor.stop()
"""


@pytest.fixture
def owner(shared_home: Home) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TOUCHSTONE_HOME": str(shared_home.path)}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.terminate()
        process.wait(timeout=120)


def find_server(home: Home, name: str) -> int:
    """The process in the folder that started the others; not that of the lowest number, which begin anew at times."""
    folder, program = (home.pgdata, "postgres") if name == "postgres" else (home.valkey, "valkey-server")
    users = find_folder_users(folder, program)
    return next(pid for pid in users if find_parent(pid) not in users)


def find_parent(pid: int) -> int:
    """Itself, where it has ended."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return pid


@contextmanager
def connect(home: Home) -> Iterator[tuple[psycopg.Connection, redis.Redis]]:
    urls = embedded_urls(home)
    with psycopg.connect(urls.database_url, autocommit=True) as database, redis.Redis.from_url(urls.broker) as broker:
        yield database, broker


def count_rows(database: psycopg.Connection) -> int:
    row = database.execute("SELECT count(*) FROM kept").fetchone()
    assert row
    return int(row[0])


def write_row_and_message(home: Home) -> tuple[int, int]:
    """One more of each, acknowledged; how many there are now."""
    with connect(home) as (database, broker):
        database.execute("CREATE TABLE IF NOT EXISTS kept (id serial)")
        database.execute("INSERT INTO kept DEFAULT VALUES")
        return count_rows(database), int(broker.lpush("celery", "message"))  # type: ignore[arg-type]


def read_row_and_message(home: Home) -> tuple[int, int]:
    with connect(home) as (database, broker):
        return count_rows(database), int(broker.llen("celery"))  # type: ignore[arg-type]


def test_services_run_for_the_block_only_and_keep_their_data(shared_home: Home) -> None:
    with embedded_services(shared_home, NOTHING_GIVEN) as ours:
        assert ours
        assert running_services(shared_home)
        written = write_row_and_message(shared_home)
        with connect(shared_home) as (database, _):
            assert database.execute("SELECT '[1,2]'::vector").fetchone() == ("[1,2]",)
    assert not running_services(shared_home)
    assert list_servers(shared_home) == []
    assert not is_held(shared_home)
    with embedded_services(shared_home, NOTHING_GIVEN):
        assert read_row_and_message(shared_home) == written


def test_only_what_is_not_given_is_started(shared_home: Home) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/db"}
    with embedded_services(shared_home, given) as ours:
        assert ours
        assert find_folder_users(shared_home.pgdata, "postgres") == []
        assert len(find_folder_users(shared_home.valkey, "valkey-server")) == 1
    with embedded_services(shared_home, {**given, "REDIS_URL": "redis://elsewhere"}) as ours:
        assert not ours
        assert list_servers(shared_home) == []


def test_a_running_stack_is_used(shared_home: Home, owner: subprocess.Popen[str]) -> None:
    before = find_server(shared_home, "postgres")
    with embedded_services(shared_home, NOTHING_GIVEN) as ours:
        assert not ours
        assert write_row_and_message(shared_home) == read_row_and_message(shared_home)
    assert find_server(shared_home, "postgres") == before
    assert owner.poll() is None


@pytest.mark.usefixtures("owner")
@pytest.mark.critical
def test_a_killed_postgres_comes_back_with_every_committed_row(shared_home: Home) -> None:
    written = write_row_and_message(shared_home)
    killed = find_server(shared_home, "postgres")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running_services(shared_home) and find_server(shared_home, "postgres") != killed)
    assert read_row_and_message(shared_home) == written


@pytest.mark.usefixtures("owner")
@pytest.mark.critical
def test_a_killed_valkey_comes_back_with_every_message(shared_home: Home) -> None:
    with connect(shared_home) as (_, broker):
        pipeline = broker.pipeline(transaction=False)
        for number in range(1000):
            pipeline.lpush("numbers", number)
        pipeline.execute()
        killed = find_server(shared_home, "valkey")
        os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running_services(shared_home) and find_server(shared_home, "valkey") != killed)
    with connect(shared_home) as (_, broker):
        assert broker.llen("numbers") == 1000


@pytest.mark.critical
def test_a_killed_owner_leaves_no_process_and_loses_nothing(shared_home: Home, owner: subprocess.Popen[str]) -> None:
    written = write_row_and_message(shared_home)
    family = list_servers(shared_home)
    assert len(family) > 2
    owner.kill()
    wait_until(lambda: list_servers(shared_home) == [])
    assert all(map(is_gone, family))
    with embedded_services(shared_home, NOTHING_GIVEN) as ours:
        assert ours
        assert read_row_and_message(shared_home) == written


@pytest.mark.critical
def test_a_start_right_after_a_kill_waits_for_the_old_servers(shared_home: Home, owner: subprocess.Popen[str]) -> None:
    written = write_row_and_message(shared_home)
    old = find_server(shared_home, "postgres")
    owner.kill()
    owner.wait()
    with embedded_services(shared_home, NOTHING_GIVEN):
        assert find_server(shared_home, "postgres") != old
        assert read_row_and_message(shared_home) == written


def test_the_cache_cannot_push_messages_out(shared_home: Home) -> None:
    with embedded_services(shared_home, NOTHING_GIVEN):
        urls = embedded_urls(shared_home)
        with redis.Redis.from_url(urls.broker) as broker, redis.Redis.from_url(urls.cache) as cache:
            broker.config_set("maxmemory", "8mb")
            broker.lpush("kept", "x" * 1000)
            for number in range(200):
                cache.set(f"key{number}", b"x" * 100_000, ex=3600)
            assert 0 < cache.dbsize() < 200
            assert broker.llen("kept") == 1


def test_sockets_are_for_their_owner_only(shared_home: Home) -> None:
    with embedded_services(shared_home, NOTHING_GIVEN):
        for path in (shared_home.run, shared_home.postgres_socket, shared_home.valkey_socket, shared_home.pgdata):
            assert path.stat().st_mode & 0o077 == 0, path
