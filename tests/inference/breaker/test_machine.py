"""The machine by itself: what holds after any history of requests, whoever reports late or never."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from apps.inference.breaker.machine import Breaker, Phase, Policy, admit, fail, release, reset, restore, succeed

pytestmark = pytest.mark.unit

POLICY = Policy(failures=5, open_ms=60_000, trial_ms=10_000)
START = 1_000_000


def failed(times: int, now: int = START) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = fail(breaker, now, breaker.generation, POLICY)
    return breaker


def test_five_failures_in_a_row_open_it_for_a_minute() -> None:
    assert failed(4).phase(START) is Phase.CLOSED
    breaker = failed(5)
    assert breaker.phase(START) is Phase.OPEN
    assert breaker.wait(START) == 60_000
    assert admit(breaker, START + 59_999, POLICY) == (breaker, False)
    assert breaker.phase(START + 60_000) is Phase.HALF_OPEN


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = succeed(failed(4), START, 0)
    assert breaker == Breaker()


def test_one_trial_at_a_time_closes_it_or_opens_it_again() -> None:
    later = START + 60_000
    trial, admitted = admit(failed(5), later, POLICY)
    assert admitted
    assert admit(trial, later + 1, POLICY) == (trial, False)
    assert succeed(trial, later + 1, trial.generation) == Breaker(generation=1)
    again = fail(trial, later + 1, trial.generation, POLICY)
    assert again.phase(later + 60_000) is Phase.OPEN


def test_a_trial_that_never_reports_is_given_up() -> None:
    later = START + 60_000
    trial, _ = admit(failed(5), later, POLICY)
    assert trial.wait(later) == 10_000
    _, admitted = admit(trial, later + 10_000, POLICY)
    assert admitted


def test_a_trial_that_was_cancelled_makes_room_for_the_next() -> None:
    later = START + 60_000
    trial, _ = admit(failed(5), later, POLICY)
    assert release(trial, 0) == release(trial, later) == trial
    _, admitted = admit(release(trial, trial.trial_until), later, POLICY)
    assert admitted


def test_who_was_admitted_before_it_opened_has_no_say_in_its_trial() -> None:
    later = START + 60_000
    trial, _ = admit(failed(5), later, POLICY)
    assert succeed(trial, later, 0) == fail(trial, later, 0, POLICY) == trial


def test_a_reset_closes_it_and_forgets_what_is_under_way() -> None:
    breaker = reset(failed(5))
    assert breaker.phase(START) is Phase.CLOSED
    assert fail(breaker, START, 1, POLICY) == breaker


def test_who_has_seen_more_openings_is_believed() -> None:
    old, new = Breaker(generation=1), failed(5)
    assert restore(Breaker(), new) == new
    assert restore(old, new) == old


class Machine(RuleBasedStateMachine):
    """Against a plain account of who was admitted when."""

    under_way = Bundle("under_way")

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.breaker = Breaker()
        self.in_a_row = 0
        self.opened_at: int | None = None
        self.trials: dict[int, int] = {}

    @rule(ms=st.sampled_from([0, 1, 500, 9_999, 10_000, 59_999, 60_000]))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule(target=under_way)
    def ask(self) -> object:
        before = self.breaker
        self.breaker, admitted = admit(before, self.now, POLICY)
        if self.opened_at is None:
            assert admitted
        elif self.now < self.opened_at + POLICY.open_ms:
            assert not admitted
        else:
            assert admitted == (not any(until > self.now for until in self.trials.values()))
        if not admitted:
            assert self.breaker == before
            assert before.wait(self.now) > 0
            return multiple()
        if self.breaker.trial_until:
            self.trials[self.breaker.trial_until] = self.breaker.trial_until
        return self.breaker.generation, self.breaker.trial_until

    @rule(one=consumes(under_way))
    def answer(self, one: tuple[int, int]) -> None:
        has_say = self.has_say(one)
        before = self.breaker
        self.breaker = succeed(before, self.now, one[0])
        if not has_say:
            assert self.breaker == before
            return
        self.in_a_row, self.opened_at, self.trials = 0, None, {}

    @rule(one=consumes(under_way))
    def break_down(self, one: tuple[int, int]) -> None:
        has_say = self.has_say(one)
        before = self.breaker
        self.breaker = fail(before, self.now, one[0], POLICY)
        if not has_say:
            assert self.breaker == before
            return
        self.in_a_row += 1
        if self.opened_at is not None or self.in_a_row == POLICY.failures:
            self.in_a_row, self.opened_at, self.trials = 0, self.now, {}

    @rule(one=consumes(under_way))
    def give_up(self, one: tuple[int, int]) -> None:
        self.breaker = release(self.breaker, one[1])
        self.trials.pop(one[1], None)

    @rule()
    def reset(self) -> None:
        self.breaker = reset(self.breaker)
        self.in_a_row, self.opened_at, self.trials = 0, None, {}

    def has_say(self, one: tuple[int, int]) -> bool:
        return one[0] == self.breaker.generation

    @invariant()
    def it_is_open_as_the_account_says(self) -> None:
        phase = self.breaker.phase(self.now)
        if self.opened_at is None:
            assert phase is Phase.CLOSED
            assert self.breaker.failures == self.in_a_row < POLICY.failures
        else:
            over = self.now >= self.opened_at + POLICY.open_ms
            assert phase is (Phase.HALF_OPEN if over else Phase.OPEN)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
