"""What keys may, under load: limits that hold exactly, and a revocation that acts at once.

    python -m benchmarks.http_keys [--home DIR] [--data DIR] [--port 8098] [--requests 10000] [--connections 1000]

Starts `manage.py up` on a home with CoSQA's functions, made once and kept with --home, and sends searches with nine
keys in turn, each connection its next one as soon as it has the answer to the last:

- free keys, which nothing limits: every answer is to be 200;
- keys with so many requests a minute, and one with so many a month: that many answers are to be 200, all others 429;
- keys that are revoked when a third of all is answered, from another process: what is sent later is to be 401, at the
  latest after `revoked_seconds`, which is what this measures: from the revocation until the last request was sent that
  was still answered with 200.

Ends with status 1 unless all of this is so, within REVOKED_WITHIN seconds, and no request got any other answer. Where a
home is used a second time within a month or minute, its keys are new each time.
"""

import asyncio
import itertools
import json
import math
import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.figures import save_figures
from benchmarks.http_home import LIBRARY, SEARCH, make_http_parser, run_on_cosqa
from benchmarks.http_load import DRIVE_SECONDS, is_whole, make_request

QUERIES = 100
PER_MINUTE = 200
PER_MONTH = 150
REVOKED_WITHIN = 2.0
KEYS: dict[str, dict[str, int]] = {
    "free": {},
    "limited": {"requests_per_minute": PER_MINUTE},
    "budget": {"requests_per_month": PER_MONTH},
    "revoked": {},
}
MIX = ("free", "limited", "free", "revoked", "free", "limited", "free", "budget", "revoked")
"""What each of the keys is; each stands for one of its own."""


@dataclass(frozen=True, slots=True)
class Key:
    kind: str
    token: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and its answer; the status is 0 where there was none. Times are of this process's clock."""

    key: Key
    status: int
    sent_at: float
    seconds: float


class Asker(asyncio.Protocol):
    """One connection: sends the next request when the last one is answered, and notes each."""

    def __init__(self, work: Iterator[tuple[Key, bytes]], asked: list[Asked], done: asyncio.Future[None]) -> None:
        self._work = work
        self._asked = asked
        self._done = done
        self._buffer = bytearray()
        self._key: Key | None = None
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if is_whole(self._buffer):
            status = int(self._buffer[9:12])
            self._buffer.clear()
            self._note(status)
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._note(0)
        if not self._done.done():
            self._done.set_result(None)

    def _send(self) -> None:
        work = next(self._work, None)
        if work is None:
            self._transport.close()
            return
        self._key, request = work
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def _note(self, status: int) -> None:
        if self._key is not None:
            self._asked.append(Asked(self._key, status, self._sent_at, time.perf_counter() - self._sent_at))
            self._key = None


async def ask_all(port: int, work: Iterator[tuple[Key, bytes]], asked: list[Asked], connections: int) -> None:
    loop = asyncio.get_running_loop()

    async def connect() -> None:
        done: asyncio.Future[None] = loop.create_future()
        async with asyncio.timeout(DRIVE_SECONDS):
            await loop.create_connection(lambda: Asker(work, asked, done), "127.0.0.1", port)
            await done

    await asyncio.gather(*(connect() for _ in range(connections)))


def main() -> int:
    parser = make_http_parser(__doc__, port=8098)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=1_000)
    options = parser.parse_args()

    def run(home: Path, queries: list[str]) -> int:
        asked, revoked_at = measure(make_keys(), queries[:QUERIES], options)
        figures = describe(asked, revoked_at, options.connections)
        print(json.dumps(figures, indent=2))
        save_figures("keys", "python -m benchmarks.http_keys", figures)
        return 0 if figures["as_due"] else 1

    return run_on_cosqa(options, {"LOG_LEVEL": "ERROR"}, run)


def make_keys() -> list[Key]:
    """New ones of a new viewer, in the order in which they take turns."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django

    django.setup()
    from apps.users.services import create_key, create_user

    user, _ = create_user(email=f"bench-{time.time_ns()}@example.com", role="viewer")
    keys = []
    for number, kind in enumerate(MIX):
        key, token = create_key(user=user, name=f"{kind} {number}", scopes=["functions:read"], **KEYS[kind])
        keys.append(Key(kind, token, key.prefix))
    return keys


def measure(keys: Sequence[Key], queries: Sequence[str], options: Any) -> tuple[list[Asked], float]:
    """Every request with its answer, and when the keys were revoked."""
    paths = [f"{SEARCH}?{urlencode({'q': query, 'library': LIBRARY})}" for query in queries]
    # Nine keys and a hundred queries: in turn, each key gets to ask everything.
    turns = zip(itertools.cycle(keys), itertools.cycle(paths), strict=False)
    work = ((key, make_request(path, options.port, key.token)) for key, path in turns)
    free = [key for key in keys if key.kind == "free"]
    warm = ((free[0], make_request(path, options.port, free[0].token)) for path in paths)
    asyncio.run(ask_all(options.port, warm, [], 16))
    asked: list[Asked] = []
    prefixes = [key.prefix for key in keys if key.kind == "revoked"]
    moment: list[float] = []
    watcher = threading.Thread(target=revoke_midway, args=(asked, options.requests // 3, prefixes, moment), daemon=True)
    watcher.start()
    asyncio.run(ask_all(options.port, itertools.islice(work, options.requests), asked, options.connections))
    watcher.join(60)
    return asked, moment[0]


def revoke_midway(asked: Sequence[Asked], when: int, prefixes: Sequence[str], moment: list[float]) -> None:
    while len(asked) < when:
        time.sleep(0.005)
    revoke(prefixes)
    moment.append(time.perf_counter())


def revoke(prefixes: Sequence[str]) -> None:
    """As an admin would, in another process than those that answer."""
    from apps.users.models import ApiKey
    from apps.users.services import revoke_keys

    revoke_keys(keys=ApiKey.objects.filter(prefix__in=prefixes))


def describe(asked: Sequence[Asked], revoked_at: float, connections: int) -> dict[str, Any]:
    answers = {kind: Counter(one.status for one in asked if one.key.kind == kind) for kind in KEYS}
    late = [one.sent_at - revoked_at for one in asked if one.key.kind == "revoked" and one.status == 200]
    answered = sorted(one.seconds for one in asked if one.status == 200)
    took = max(one.sent_at + one.seconds for one in asked) - min(one.sent_at for one in asked)
    revoked_seconds = max(0.0, *late) if late else 0.0
    due = {
        "free": set(answers["free"]) <= {200},
        "limited": is_held(asked, "limited", PER_MINUTE, seconds=60),
        "budget": is_held(asked, "budget", PER_MONTH),
        "revoked": set(answers["revoked"]) <= {200, 401} and answers["revoked"][401] > 0,
        "revoked_in_time": revoked_seconds < REVOKED_WITHIN,
    }
    return {
        "requests": len(asked),
        "connections": connections,
        "seconds": round(took, 2),
        "per_second": round(len(asked) / took),
        "answers": {kind: {str(status): count for status, count in sorted(of.items())} for kind, of in answers.items()},
        "p50_ms": round(1000 * statistics.median(answered)),
        "p99_ms": round(1000 * answered[int(0.99 * (len(answered) - 1))]),
        "revoked_seconds": round(revoked_seconds, 3),
        "due": due,
        "as_due": all(due.values()),
    }


def is_held(asked: Sequence[Asked], kind: str, quota: int, *, seconds: float = math.inf) -> bool:
    """Whether each key of the kind got as many answers as its quota is, and 429 for all others.

    The quota is for so many `seconds`: what takes longer gets more, evenly, as what was used falls out of the window.
    """
    for key in {one.key for one in asked if one.key.kind == kind}:
        answers = [one for one in asked if one.key == key]
        statuses = Counter(one.status for one in answers)
        took = max(one.sent_at + one.seconds for one in answers) - min(one.sent_at for one in answers)
        most = quota * (1 + took / seconds) if took > seconds else quota
        if not min(quota, len(answers)) <= statuses[200] <= most or set(statuses) - {200, 429}:
            return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
