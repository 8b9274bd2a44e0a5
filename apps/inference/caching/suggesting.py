"""Which time to live and size a type would do well with, by replaying a sample of what was asked for.

The sample has all uses of some keys, so a cache of the size's share behaves as the whole one would (Waldspurger et al.,
"Cache Modeling and Optimization using Miniature Simulations", USENIX ATC 2017).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from apps.inference.caching.kinds import MOST_ENTRIES, CacheLimits

Use = tuple[str, int]
"""A key, and when it was asked for, in milliseconds."""

FEWEST_USES = 200
TIMES = (60, 300, 900, 1800, 3600, 7200, 21_600, 86_400, 7 * 86_400)
"""Seconds."""
SIZES = (100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000)
ENOUGH_OF_TIME, ENOUGH_OF_SIZE = 0.95, 0.99
"""Of the hits of the longest time and of the largest size: what more brings is not worth older answers, or memory."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`expected` and `now` are the shares of look-ups that would hit, with what is suggested and with what is set."""

    limits: CacheLimits
    expected: float
    now: float
    uses: int

    @property
    def is_change(self) -> bool:
        return abs(self.expected - self.now) >= 0.01


def suggest(uses: Sequence[Use], limits: CacheLimits, *, sample: int) -> Suggestion | None:
    """`uses` are in order, of one key in `sample`. None where they are too few to tell."""
    if len(uses) < FEWEST_USES:
        return None

    def expect(seconds: int, size: int) -> float:
        return replay(uses, seconds, max(1, size // sample))

    by_time = {seconds: expect(seconds, MOST_ENTRIES) for seconds in TIMES}
    seconds = choose_least(by_time, ENOUGH_OF_TIME)
    by_size = {size: expect(seconds, size) for size in SIZES}
    size = choose_least(by_size, ENOUGH_OF_SIZE)
    return Suggestion(CacheLimits(seconds, size), by_size[size], expect(limits.seconds, limits.size), len(uses))


def suggest_seconds(uses: Sequence[Use], seconds: int) -> Suggestion | None:
    """The same for a name whose answers share their room with others': for how long they are kept, and no size."""
    if len(uses) < FEWEST_USES:
        return None
    by_time = {time: replay(uses, time, MOST_ENTRIES) for time in TIMES}
    best = choose_least(by_time, ENOUGH_OF_TIME)
    return Suggestion(CacheLimits(best, MOST_ENTRIES), by_time[best], replay(uses, seconds, MOST_ENTRIES), len(uses))


def choose_least(shares: dict[int, float], enough: float) -> int:
    """The least that brings enough of the most."""
    best = max(shares.values())
    return min(value for value, share in shares.items() if share >= best * enough)


def replay(uses: Sequence[Use], seconds: int, size: int) -> float:
    """The share of hits of a cache of `size` entries, the least recently used going first, that live for `seconds`."""
    made: OrderedDict[str, int] = OrderedDict()
    hits = 0
    for key, at in uses:
        if key in made and at - made[key] < seconds * 1000:
            hits += 1
        else:
            made[key] = at
        made.move_to_end(key)
        if len(made) > size:
            made.popitem(last=False)
    return hits / len(uses) if uses else 0.0
