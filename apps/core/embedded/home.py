"""Where Touchstone keeps its state on this machine, and the addresses that follow from it.

Settings import this module, so it needs the standard library only and touches nothing: it computes names.
Making the folders is the business of `apps.core.embedded.folders`.
"""

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parents[3]
SYSTEM_STATE = Path("/var/lib")
# Not tempfile.gettempdir(): two shells with different TMPDIR must compute the same socket.
# The folder made there is private, and refused when it is not ours.
SHORT_FOLDERS = Path("/tmp")  # noqa: S108  # nosec B108
SOCKET_LIMIT = 100  # bytes; the kernel allows 108, and a lock file's suffix comes on top
DATABASE = "touchstone"
POSTGRES_PORT = 5432  # part of the socket's name only: nothing listens on it


@dataclass(frozen=True)
class Home:
    """The state folder of one installation.

    `services` holds what the database processes must reach under their own account. It is `path` itself,
    except for root in a folder that other accounts cannot pass.
    """

    path: Path
    services: Path
    run: Path

    @property
    def pgdata(self) -> Path:
        return self.services / "pgdata"

    @property
    def valkey(self) -> Path:
        return self.services / "valkey"

    @property
    def binaries(self) -> Path:
        return self.services / "binaries"

    @property
    def index(self) -> Path:
        return self.path / "index"

    @property
    def models(self) -> Path:
        return self.path / "models"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def secret_key(self) -> Path:
        return self.path / "secret_key"

    @property
    def secrets_keys(self) -> Path:
        return self.path / "secrets_keys"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def users(self) -> Path:
        return self.path / "users"

    @property
    def language_model(self) -> Path:
        return self.path / "language_model.json"

    @property
    def postgres_socket(self) -> Path:
        return self.run / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"


@dataclass(frozen=True)
class EmbeddedUrls:
    """How to reach the embedded services of a home."""

    database: dict[str, Any]  # Django's DATABASES entry
    database_url: str
    broker: str
    cache: str


def resolve_home(environ: Mapping[str, str] | None = None) -> Home:
    """The home that TOUCHSTONE_HOME in `environ` (default: the process's own) names, else `var` in the repository."""
    environ = os.environ if environ is None else environ
    given = environ.get("TOUCHSTONE_HOME", "")
    path = Path(given).expanduser().resolve() if given else (REPOSITORY / "var").resolve()
    services = path
    if os.geteuid() == 0 and not is_passable(path):
        services = SYSTEM_STATE / f"touchstone-{short_hash(path)}"
    return Home(path=path, services=services, run=_choose_run_folder(path, services))


def embedded_urls(home: Home) -> EmbeddedUrls:
    """Addresses of the embedded services; they follow from the home alone, whether or not anything runs."""
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": DATABASE,
        "PASSWORD": "",
        "HOST": str(home.run),
        "PORT": str(POSTGRES_PORT),
    }
    host = quote(str(home.run), safe="")
    socket = quote(str(home.valkey_socket))
    return EmbeddedUrls(
        database=database,
        database_url=f"postgresql://{DATABASE}@{host}:{POSTGRES_PORT}/{DATABASE}",
        broker=f"unix://{socket}?db=0",
        cache=f"unix://{socket}?db=1",
    )


def is_passable(path: Path) -> bool:
    """Whether an account that owns nothing of it can pass `path` and its parents, as far as they exist."""
    return all(bool(folder.stat().st_mode & stat.S_IXOTH) for folder in (path, *path.parents) if folder.exists())


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def _choose_run_folder(path: Path, services: Path) -> Path:
    """`run` inside the home; elsewhere when the kernel or a connection string (commas, blanks) would not take it."""
    inside = services / "run"
    longest = os.fsencode(inside / f".s.PGSQL.{POSTGRES_PORT}")
    if len(longest) < SOCKET_LIMIT and re.fullmatch(rb"[\w./+-]+", longest):
        return inside
    return SHORT_FOLDERS / f"touchstone-{os.geteuid()}-{short_hash(path)}"
