"""Which embedded services are wanted, how they are started under a supervisor, and whether they answer."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from apps.core.embedded import postgres, valkey
from apps.core.embedded.account import Account
from apps.core.embedded.binaries import find_binaries
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.folders import prepare_folders
from apps.core.embedded.home import Home, embedded_urls
from apps.core.embedded.lock import is_held
from apps.core.embedded.supervisor import Supervisor

START_SECONDS = 120.0  # a large log to replay takes a while
REPLACED_BY = {postgres.NAME: "DATABASE_URL", valkey.NAME: "REDIS_URL"}
ALL_SERVICES = tuple(REPLACED_BY)


def wanted_services(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The services that no address in `environ` (default: the process's own) replaces."""
    environ = os.environ if environ is None else environ
    return tuple(name for name, variable in REPLACED_BY.items() if not environ.get(variable))


def start_services(
    supervisor: Supervisor,
    home: Home,
    account: Account | None,
    wanted: tuple[str, ...],
    settings: Mapping[str, str] | None = None,
) -> Path | None:
    """Makes what the `wanted` services need, and starts them; `settings` are PostgreSQL's, over the usual ones.

    The home's lock must be held. Returns the folder where the state of a deleted home was set aside, if any.
    """
    if not wanted:
        return None
    set_aside = prepare_folders(home, account)
    try:
        binaries = find_binaries(home, account)
    except OSError as error:
        raise EmbeddedError(f"cannot copy the servers to {home.binaries}: {error.strerror}") from error
    if valkey.NAME in wanted:
        supervisor.add(valkey.valkey_spec(home, binaries, account))
    if postgres.NAME in wanted:
        postgres.create_cluster(home, binaries, account)
        supervisor.add(postgres.postgres_spec(home, binaries, account, settings))
    return set_aside


def running_services(home: Home, wanted: tuple[str, ...] = ALL_SERVICES) -> bool:
    """Whether some process holds `home`, and its `wanted` services answer."""
    answers: dict[str, Callable[[], bool]] = {
        postgres.NAME: lambda: postgres.takes_connections(embedded_urls(home).database_url),
        valkey.NAME: lambda: valkey.answers_ping(home.valkey_socket),
    }
    return is_held(home) and all(answers[name]() for name in wanted)
