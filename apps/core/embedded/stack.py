"""The processes of a whole Touchstone on one machine, as data for the supervisor."""

import http.client
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from apps.core.embedded.death import SUPERVISED
from apps.core.embedded.home import Home
from apps.core.embedded.process import ChildSpec

PROBE_SECONDS = 2.0
LIVE = "/health/live"


@dataclass(frozen=True)
class Addresses:
    """Where the stack listens."""

    host: str
    port: int
    gateway_port: int


def child_environment(home: Home) -> dict[str, str]:
    """Our own environment, and what the processes must know of us."""
    return {**os.environ, "TOUCHSTONE_HOME": str(home.path), SUPERVISED: str(os.getpid()), "PYTHONUNBUFFERED": "1"}


def prepare_spec(home: Home, *, demo: bool) -> ChildSpec:
    """The step between the databases and the rest: schema, first account, demo."""
    command = (sys.executable, "manage.py", "prepare", *(() if demo else ("--no-demo",)))
    return ChildSpec("prepare", command, environment=child_environment(home))


def server_specs(home: Home, addresses: Addresses, workers: int) -> tuple[ChildSpec, ...]:
    """What answers requests: the web, and the gateway for what streams."""
    environment = {"GATEWAY_URL": f":{addresses.gateway_port}", **child_environment(home)}
    # A worker that died comes back at once. One that has not finished its requests 5 seconds after a stop is ended.
    lives = ("--respawn-failed-workers", "--respawn-interval", "0.1", "--workers-kill-timeout", "5")
    serve = (sys.executable, "-m", "granian", "--host", addresses.host, *lives)
    # Each thread that serves may hold a database connection: `workers` times 8 fits among those the server has.
    threads = str(min(8, 2 * (os.cpu_count() or 1) + 1))
    web = (*serve, "--interface", "wsgi", "--no-ws", "--blocking-threads", threads, "--workers", str(workers))
    # Granian takes in as many connections at a time as may wait, and a stream is one for as long as it lasts.
    gateway = (*serve, "--interface", "asginl", "--backlog", "4096")
    return (
        ChildSpec(
            "web",
            (*web, "--port", str(addresses.port), "config.wsgi:application"),
            environment=environment,
            is_ready=probe(addresses.host, addresses.port),
        ),
        ChildSpec(
            "gateway",
            (*gateway, "--port", str(addresses.gateway_port), "config.asgi:application"),
            environment=environment,
            is_ready=probe(addresses.host, addresses.gateway_port),
        ),
    )


def background_specs(home: Home) -> tuple[ChildSpec, ...]:
    """What works behind: the worker that runs tasks, and beat, which starts the scheduled ones."""
    environment = child_environment(home)
    # Whoever runs all of this as root has decided so.
    quiet = ("-W", "ignore:You're running the worker with superuser privileges")
    celery = (sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "config.celery:app")
    # One worker on one machine: nobody to gossip with, and a broker that needs no heartbeat.
    worker = ("worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat")
    return (
        ChildSpec("worker", (*celery, *worker), environment=environment, stop_rank=1),
        ChildSpec("beat", (*celery, "beat", "--pidfile="), environment=environment),
    )


def probe(host: str, port: int) -> Callable[[], bool]:
    """Asks whether a server answers; one that sends us elsewhere, or minds our host name, does."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104

    def is_live() -> bool:
        connection = http.client.HTTPConnection(target, port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", LIVE, headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return is_live
