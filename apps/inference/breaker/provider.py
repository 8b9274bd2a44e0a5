"""One request's way past a provider's breaker."""

from apps.inference.breaker.board import Board, board
from apps.inference.breaker.machine import Policy
from apps.inference.breaker.shared import Stepped
from apps.inference.curated import CuratedProvider
from apps.inference.errors import BreakerOpen, InferenceError


class ProviderBreaker:
    """For one request: admitted once, then told once what came of it.

    While it is closed and nothing fails, none of it leaves the process. A trial that tells nothing is given up when
    the provider's own time-outs are over.
    """

    __slots__ = ("_board", "_generation", "_policy", "_provider", "_trial")

    def __init__(self, board: Board, provider: CuratedProvider) -> None:
        self._board = board
        self._provider = provider
        self._policy = policy_of(provider)
        self._generation = 0
        self._trial = 0

    async def admit(self) -> None:
        """Raises BreakerOpen, with the seconds to wait."""
        breaker = await self._board.get_async(self._provider.id)
        if breaker.open_until:
            wait = breaker.wait(self._board.now())
            if not wait:
                admitted, now, breaker = await self._step("admit")
                wait = 0 if admitted else max(1, breaker.wait(now))
            if wait:
                raise BreakerOpen(f"{self._provider.name} failed several times", retry_after=wait / 1000)
            self._trial = breaker.trial_until
        self._generation = breaker.generation

    async def answers(self) -> None:
        """A server that has begun to answer is there again: nobody has to wait for the end of a trial."""
        if self._trial:
            self._trial = 0
            await self._step("succeed")

    async def succeeded(self) -> None:
        breaker = self._board.get(self._provider.id)
        if (breaker.failures or breaker.open_until) and self._has_say:
            await self._step("succeed")

    async def failed(self, error: InferenceError) -> None:
        """A server that refuses a request does answer: that is no failure, and all that a trial wants to know."""
        if not error.breaks:
            if self._trial:
                await self._step("succeed" if error.is_answer else "release")
        elif self._has_say:
            await self._step("fail")

    async def released(self) -> None:
        """Nothing came of it that says anything of the provider: it was cancelled, or not sent."""
        if self._trial:
            await self._step("release")

    @property
    def _has_say(self) -> bool:
        return self._generation >= self._board.get(self._provider.id).generation

    async def _step(self, step: str) -> Stepped:
        return await self._board.step_async(
            self._provider.id, step, self._policy, generation=self._generation, trial=self._trial
        )


def policy_of(provider: CuratedProvider) -> Policy:
    return Policy(trial_ms=int((provider.connect_timeout + provider.timeout) * 1000))


def breaker_of(provider: CuratedProvider) -> ProviderBreaker:
    """A new one for each request; what it knows is the process's."""
    return ProviderBreaker(board, provider)
