"""`manage.py up`: everything on one machine, in the foreground, until it is told to stop.

Kept free of Django: this process lives as long as the stack, and what needs Django runs in children.
"""

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from apps.core.embedded import postgres
from apps.core.embedded.account import find_service_account
from apps.core.embedded.errors import EmbeddedError, HomeInUseError, UsageError
from apps.core.embedded.folders import make_home
from apps.core.embedded.home import Home, resolve_home
from apps.core.embedded.interrupts import Bell, listen_to_signals
from apps.core.embedded.language_model import ModelFile, describe_model, find_chosen_model, language_model_specs
from apps.core.embedded.lock import hold_home
from apps.core.embedded.relay import LogRelay
from apps.core.embedded.services import START_SECONDS, start_services, wanted_services
from apps.core.embedded.stack import Addresses, background_specs, prepare_spec, server_specs
from apps.core.embedded.stamp import describe_wanted, is_prepared, mark_prepared
from apps.core.embedded.supervisor import StepFailedError, StopRequestedError, Supervisor

OK, FAILED, WRONG_USE = 0, 1, 2
PREPARE_SECONDS = 1800.0  # a migration of a large table takes its time
SERVERS_SECONDS = 120.0


@dataclass(frozen=True)
class Options:
    addresses: Addresses
    workers: int
    demo: bool
    language_model: ModelFile | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="port of pages, admin and API (8000)")
    parser.add_argument("--gateway-port", type=int, default=8001, help="port of what streams (8001)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--home", help="state folder (TOUCHSTONE_HOME, else var in the repository)")
    parser.add_argument("--no-demo", action="store_true", help="do not load the demo on the first run")
    parser.add_argument("--workers", type=int, default=1, help="processes that serve the web (1)")


def main(arguments: Sequence[str]) -> int:
    """Runs `up` with its command line; the exit status."""
    parser = argparse.ArgumentParser(prog="manage.py up", description="Runs everything on this machine.")
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def run(arguments: argparse.Namespace) -> int:
    """Runs `up` with parsed arguments; the exit status: 0 stopped when asked, 1 failed, 2 wrong use."""
    if arguments.home:
        os.environ["TOUCHSTONE_HOME"] = os.path.abspath(arguments.home)
    try:
        addresses = Addresses(arguments.host, arguments.port, arguments.gateway_port)
        options = Options(addresses, arguments.workers, not arguments.no_demo, find_chosen_model())
        check_options(options)
        return hold_and_serve(resolve_home(), options)
    except EmbeddedError as error:
        print(f"touchstone: {error}", file=sys.stderr)  # noqa: T201 - the command's answer
        return WRONG_USE if isinstance(error, (UsageError, HomeInUseError)) else FAILED


def check_options(options: Options) -> None:
    """Raises UsageError, naming the option, for what cannot work."""
    addresses = options.addresses
    for option, port in (("--port", addresses.port), ("--gateway-port", addresses.gateway_port)):
        if not 1 <= port <= 65535:
            raise UsageError(f"{option} {port} is not a port: choose one from 1 to 65535")
    if addresses.port == addresses.gateway_port:
        raise UsageError(f"--port and --gateway-port are both {addresses.port}: choose two")
    if not 1 <= options.workers <= 4:
        raise UsageError("--workers takes 1 to 4: each holds a model in memory and connections to the database")


def check_ports(addresses: Addresses) -> None:
    """Raises UsageError, naming the option, when one of the ports cannot be listened on."""
    for option, port in (("--port", addresses.port), ("--gateway-port", addresses.gateway_port)):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                addresses.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise UsageError(f"cannot listen on {addresses.host}:{port} ({reason}): choose another {option}") from error


def hold_and_serve(home: Home, options: Options) -> int:
    account = find_service_account()
    make_home(home, account)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    with hold_home(home), listen_to_signals() as bell:
        check_ports(options.addresses)
        with closing(LogRelay(FileIO(sys.stdout.fileno(), "wb", closefd=False), colour=colour)) as relay:
            return serve(home, options, relay, bell)


def serve(home: Home, options: Options, relay: LogRelay, bell: Bell) -> int:
    """Starts everything, keeps it alive, and stops it when asked or when it does not start."""
    supervisor = Supervisor(relay, bell)
    try:
        start_databases(supervisor, home, relay)
        first_account = prepare(supervisor, home, relay, demo=options.demo)
        try:
            start_servers(supervisor, home, options)
            relay.show(describe_addresses(options.addresses, options.language_model))
        finally:
            relay.show(first_account)
        supervisor.watch()
    except StopRequestedError:
        return OK
    except EmbeddedError as error:
        relay.say(str(error))
        return WRONG_USE if isinstance(error, StepFailedError) and error.status == WRONG_USE else FAILED
    else:
        return OK
    finally:
        relay.say("stopping")
        supervisor.stop()
        relay.say("stopped")


def start_databases(supervisor: Supervisor, home: Home, relay: LogRelay) -> None:
    """Starts the databases that no given address replaces; they need not be ready on return."""
    relay.say(f"home {home.path}" if home.services == home.path else f"home {home.path}, databases in {home.services}")
    if postgres.NAME in wanted_services() and not home.pgdata.exists():
        relay.say("first start: making a new database")
    set_aside = start_services(supervisor, home, find_service_account(), wanted_services())
    if set_aside:
        relay.say(f"the home was deleted since the last run; the data it had are kept in {set_aside}")


def prepare(supervisor: Supervisor, home: Home, relay: LogRelay, *, demo: bool) -> str:
    """Brings the database up to date, unless it is known to be; says what the first account is, when one was made."""
    ours = postgres.NAME in wanted_services()
    wanted = describe_wanted(demo=demo)
    if ours and is_prepared(home, wanted):
        return ""
    started = time.monotonic()
    # Its Django loads while the databases start.
    finish = supervisor.run_step(prepare_spec(home, demo=demo), PREPARE_SECONDS)
    supervisor.wait_ready(*wanted_services(), seconds=START_SECONDS)
    account = json.loads(finish())["first_account"]
    relay.say(f"prepare done ({time.monotonic() - started:.1f} s)")
    if ours:
        mark_prepared(home, wanted)
    return describe_account(account["email"], account["password"]) if account else ""


def start_servers(supervisor: Supervisor, home: Home, options: Options) -> None:
    """The servers first, alone: the processors are theirs until they answer."""
    servers = server_specs(home, options.addresses, options.workers)
    supervisor.add(*servers)
    supervisor.wait_ready(*wanted_services(), *(spec.name for spec in servers), seconds=SERVERS_SECONDS)
    supervisor.add(*background_specs(home), *language_model_specs(home, options.language_model))


def describe_account(email: str, password: str) -> str:
    return f"""
  Your account   {email}
  Password       {password}   (shown this once: change it after signing in)
"""


def describe_addresses(addresses: Addresses, language_model: ModelFile | None = None) -> str:
    host = f"[{addresses.host}]" if ":" in addresses.host else addresses.host
    return f"""
  Touchstone is ready ({process_age():.1f} s). Ctrl-C stops it.

  Web            http://{host}:{addresses.port}/
  Admin          http://{host}:{addresses.port}/admin/
  Gateway        http://{host}:{addresses.gateway_port}/
  Language model {describe_model(language_model)}
"""


def process_age() -> float:
    """Seconds since this process was started, its own start-up included."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22 of proc(5)'s list, "starttime"
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started
