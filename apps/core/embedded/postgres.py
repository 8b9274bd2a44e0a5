"""The embedded PostgreSQL: how its cluster is made, started, probed, and given its database."""

import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from apps.core.embedded.account import Account
from apps.core.embedded.binaries import Binaries
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.folders import make_private_folder
from apps.core.embedded.gate import FolderGate
from apps.core.embedded.home import DATABASE, Home
from apps.core.embedded.process import ChildSpec, describe_end, launch

NAME = "postgres"
STATUS_LINE = 7  # of postmaster.pid, counted from 0 (PostgreSQL's LOCK_FILE_LINE_PM_STATUS)
# Of the user's environment nothing is passed on: PGDATA, PGPORT and their like would change what is started.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
# Small in memory (one machine shares it with everything else), and as durable as PostgreSQL's defaults.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_maintenance_workers": "1",
    "autovacuum_max_workers": "2",
    # Nothing replicates from here, so the log need not carry what a replica would want.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "256MB",
    # After a crash every file is flushed first: all at once takes a fraction of one by one.
    "recovery_init_sync_method": "syncfs",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "logging_collector": "off",
}


def create_cluster(home: Home, binaries: Binaries, account: Account | None) -> None:
    """Makes the data folder on the first start; it appears under its name only when it is whole.

    Raises EmbeddedError when initdb fails, or when the folder is of another major version.
    """
    version_file = home.pgdata / "PG_VERSION"
    if version_file.exists():
        check_version(version_file.read_text().strip(), binaries, home.pgdata)
        return
    draft = home.pgdata.with_name(f"{home.pgdata.name}.new")
    if draft.exists():
        shutil.rmtree(draft)
    make_private_folder(draft, account)
    run_initdb(draft, binaries, account)
    draft.rename(home.pgdata)


def check_version(found: str, binaries: Binaries, folder: Path) -> None:
    wanted = binaries.postgres_version.partition(".")[0]
    if found != wanted:
        raise EmbeddedError(f"{folder} was made by PostgreSQL {found}, and PostgreSQL {wanted} is installed")


def run_initdb(folder: Path, binaries: Binaries, account: Account | None) -> None:
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
    access = (f"--username={DATABASE}", "--auth=trust")  # the socket's folder is what keeps others out
    command = (str(binaries.postgres / "initdb"), "-D", str(folder), *locale, *access, "--no-sync", "--no-instructions")
    spec = ChildSpec("initdb", command, environment=ENVIRONMENT, folder=Path("/"), account=account)
    popen = launch(spec, subprocess.PIPE, subprocess.STDOUT)
    output, _ = popen.communicate()
    if popen.returncode != 0:
        lines = output.decode(errors="replace").strip().splitlines()
        reason = next((line for line in lines if "error" in line or "FATAL" in line), describe_end(popen.returncode))
        raise EmbeddedError(f"initdb failed: {reason}")


def postgres_spec(
    home: Home, binaries: Binaries, account: Account | None, settings: Mapping[str, str] | None = None
) -> ChildSpec:
    """The server on the home's private socket; `settings` are added to SETTINGS and win over them."""
    merged = {**SETTINGS, "unix_socket_directories": str(home.run), **(settings or {})}
    options = tuple(part for name, value in merged.items() for part in ("-c", f"{name}={value}"))
    command = (str(binaries.postgres / "postgres"), "-D", str(home.pgdata), *options)
    gate = FolderGate(home.pgdata, "postgres")

    def may_start() -> bool:
        if not gate.is_free():
            return False
        # Left by a killed server. The number in them may be another process's by now, which would stop a start.
        for stale in (home.pgdata / "postmaster.pid", home.run / f"{home.postgres_socket.name}.lock"):
            stale.unlink(missing_ok=True)
        return True

    return ChildSpec(
        NAME,
        command,
        environment=ENVIRONMENT,
        folder=Path("/"),
        account=account,
        death_signal=signal.SIGINT,  # "fast shutdown": ends the sessions and writes everything out
        stop_signal=signal.SIGINT,
        last_signal=signal.SIGQUIT,  # "immediate shutdown": the next start replays the log
        stop_seconds=20.0,
        stop_rank=3,
        may_start=may_start,
        is_ready=lambda: says_ready(home),
    )


def says_ready(home: Home) -> bool:
    """Whether the server says that it takes connections, in the file where its own pg_ctl looks for it.

    No client library is needed for that (17 MB in the supervisor), and no failed attempts get into the log.
    """
    try:
        lines = (home.pgdata / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def takes_connections(url: str) -> bool:
    """Whether the database at `url` lets us in."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def ensure_database(url: str, seconds: float = 60.0) -> None:
    """Waits for the server at `url` (a database URL of `embedded_urls`), and makes its database and pgvector.

    Raises EmbeddedError when the server does not answer in time.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as connection:
                exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if not exists:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
                connection.execute("ALTER EXTENSION vector UPDATE")
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the embedded PostgreSQL does not answer: {str(error).strip()}") from error
            time.sleep(0.05)
        else:
            return
