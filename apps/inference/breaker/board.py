"""What this process knows of all breakers: read four times a second while Valkey answers, its own while it does not."""

import asyncio
import os
import threading
import time
from collections import Counter

import structlog
from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.core.live import announce_now
from apps.core.threads import BackgroundThread
from apps.core.valkey import FAILURES, TIMEOUT_SECONDS, get_async_client
from apps.inference.breaker import machine, shared
from apps.inference.breaker.machine import Breaker, Policy
from apps.inference.breaker.shared import Stepped

LOOK_SECONDS = 0.2
"""With the trip itself, others' openings are known within a quarter of a second."""
STALE_SECONDS = 5.0
"""When nobody looks any more, such as after a fork, whoever asks looks first. Longer than a look can take."""
CLOSED = Breaker()

log = structlog.get_logger("touchstone.inference")


class Board:
    """Threads and event loops share it. Without Valkey its steps are those of `machine`, on the same clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._known: dict[int, Breaker] = {}
        self._steps: Counter[int] = Counter()
        self._offset = int((time.time() - time.monotonic()) * 1000)
        self._looked: tuple[int, float] | None = None
        self._is_alone = False
        self._client: Redis | None = None
        self._thread = BackgroundThread("breakers", self._run, finish=lambda: None)

    @property
    def is_alone(self) -> bool:
        """Whether Valkey is away, so that no other process knows what this one does."""
        return self._is_alone

    def now(self) -> int:
        """Valkey's clock as far as it is known, in milliseconds."""
        return int(time.monotonic() * 1000) + self._offset

    def get(self, provider: int) -> Breaker:
        return self._known.get(provider, CLOSED)

    async def get_async(self, provider: int) -> Breaker:
        """Asks nobody, but for a process's first time."""
        if self._is_older_than(STALE_SECONDS):
            await asyncio.to_thread(self.follow)
        return self.get(provider)

    def follow(self) -> None:
        """Knows what there is, and goes on looking from now on."""
        self.look(STALE_SECONDS)
        with self._lock:
            self._thread.start()

    def look(self, older_than: float = 0.0) -> None:
        """Reads all breakers, unless somebody did a moment ago. Whoever was alone says first what they have seen."""
        with self._looking:
            if older_than and not self._is_older_than(older_than):
                return
            steps = self._steps.copy()
            try:
                now, board = shared.read_all(self._connect())
                for provider, breaker in list(self._known.items()):
                    if breaker.generation > board.get(provider, CLOSED).generation:
                        board[provider] = self._restore(provider, breaker)
            except FAILURES as error:
                self._stay_alone(error)
            else:
                self._take(now, board, steps)
            self._looked = os.getpid(), time.monotonic()

    async def step_async(
        self, provider: int, step: str, policy: Policy, *, generation: int = 0, trial: int = 0
    ) -> Stepped:
        if not self._is_alone:
            try:
                asked = shared.describe(provider, step, policy, generation=generation, trial=trial)
                return self._note(provider, await shared.step_async(get_async_client(), asked))
            except FAILURES as error:
                self._stay_alone(error)
        return self._step_alone(provider, step, policy, generation=generation, trial=trial)

    def step(self, provider: int, step: str, policy: Policy, *, generation: int = 0, trial: int = 0) -> Stepped:
        """As step_async, for code that waits."""
        if not self._is_alone:
            try:
                asked = shared.describe(provider, step, policy, generation=generation, trial=trial)
                return self._note(provider, shared.step(self._connect(), asked))
            except FAILURES as error:
                self._stay_alone(error)
        return self._step_alone(provider, step, policy, generation=generation, trial=trial)

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()

    def _connect(self) -> Redis:
        if self._client is None:
            self._client = Redis.from_url(
                settings.CACHES[DEFAULT_CACHE_ALIAS]["LOCATION"],
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 1),
            )
        return self._client

    def _is_older_than(self, seconds: float) -> bool:
        looked = self._looked
        return looked is None or looked[0] != os.getpid() or time.monotonic() - looked[1] > seconds

    def _restore(self, provider: int, breaker: Breaker) -> Breaker:
        """Of a Valkey that was away meanwhile, or that lost what it knew."""
        asked = shared.describe(provider, "restore", Policy(), known=breaker)
        return shared.step(self._connect(), asked).breaker

    def _take(self, now: int, board: dict[int, Breaker], steps: Counter[int]) -> None:
        with self._lock:
            self._offset = now - int(time.monotonic() * 1000)
            for provider in board.keys() | self._known.keys():
                if self._steps[provider] == steps[provider]:  # else what a step told us is newer
                    self._known[provider] = board.get(provider, CLOSED)
        if self._is_alone:
            self._is_alone = False
            log.info("breakers_shared")

    def _stay_alone(self, error: Exception) -> None:
        if not self._is_alone:
            self._is_alone = True
            log.warning("breakers_alone", error=str(error) or type(error).__name__)

    def _note(self, provider: int, stepped: Stepped) -> Stepped:
        with self._lock:
            before = self.get(provider)
            self._steps[provider] += 1
            self._known[provider] = stepped.breaker
        tell_of_change(provider, before, stepped.breaker)
        return stepped

    def _step_alone(self, provider: int, step: str, policy: Policy, *, generation: int = 0, trial: int = 0) -> Stepped:
        with self._lock:
            now, before = self.now(), self.get(provider)
            breaker, admitted = take_step(step, before, now, policy, generation=generation, trial=trial)
            self._steps[provider] += 1
            self._known[provider] = breaker
        tell_of_change(provider, before, breaker)
        return Stepped(admitted, now, breaker)


def take_step(
    step: str, breaker: Breaker, now: int, policy: Policy, *, generation: int = 0, trial: int = 0
) -> tuple[Breaker, bool]:
    """What the script does, by the pure machine: the breaker after it, and whether a request was admitted."""
    match step:
        case "admit":
            return machine.admit(breaker, now, policy)
        case "succeed":
            return machine.succeed(breaker, now, generation), False
        case "fail":
            return machine.fail(breaker, now, generation, policy), False
        case "release":
            return machine.release(breaker, trial), False
        case "reset":
            return machine.reset(breaker), False
    raise ValueError(f"no step {step}")


def tell_of_change(provider: int, before: Breaker, after: Breaker) -> None:
    if bool(before.open_until) == bool(after.open_until) and before.generation == after.generation:
        return
    log.warning("breaker_opened" if after.open_until else "breaker_closed", provider=provider)
    announce_now("inference")


board = Board()
