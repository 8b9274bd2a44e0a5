"""Sharing out cases over parts of a catalogue, kinds of cases, and functions."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

Case = TypeVar("Case")


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights, with this sum: the largest remainders are rounded up."""
    whole = sum(weights)
    if not total or not whole:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def apportion_in_order(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers in proportion, such that every run of neighbours together gets its share too, but for one."""
    whole, before, shares = sum(weights), 0, []
    for weight in weights:
        start = (2 * total * before + whole) // (2 * whole)
        before += weight
        shares.append((2 * total * before + whole) // (2 * whole) - start)
    return shares


class Part:
    """A part of the catalogue: its functions in the order in which they are used, and how often each was.

    No function is used again while there is one, not used so often, of which anything can be made.
    """

    def __init__(self, numbers: Sequence[int], size: int) -> None:
        self.size = size
        self.exhausted = not numbers
        self._numbers = numbers
        self._uses = [0] * len(numbers)
        self._level = 0
        self._cursors: dict[str, int] = {}
        self._made_at_level = 0

    def take(self, wanted: dict[str, int], make: Callable[[int, str], Case | None]) -> list[tuple[str, Case]]:
        """Cases of the kinds wanted, as many in all; where a kind cannot be had without a second use, others instead.

        `make` gives a case of a function and a kind, None where there is none, or none any more. Fewer come back when
        the part is exhausted.
        """
        made: list[tuple[str, Case]] = []
        total, got = sum(wanted.values()), Counter[str]()

        def take_kind(kind: str, count: int) -> None:
            found = self._take_kind(kind, min(count, total - len(made)), make)
            got[kind] += len(found)
            made.extend((kind, case) for case in found)

        while len(made) < total and not self.exhausted:
            for kind in wanted:
                take_kind(kind, wanted[kind] - got[kind])
            # From the kinds that most functions can be asked by to those that few can.
            for kind in reversed(wanted):
                take_kind(kind, total)
            if len(made) < total:
                self._start_next_level()
        return made

    def _take_kind(self, kind: str, count: int, make: Callable[[int, str], Case | None]) -> list[Case]:
        made: list[Case] = []
        place = self._cursors.get(kind, 0)
        while place < len(self._numbers) and len(made) < count:
            if self._uses[place] <= self._level:
                case = make(self._numbers[place], kind)
                if case is not None:
                    made.append(case)
                    self._uses[place] = self._level + 1
            place += 1
        self._cursors[kind] = place
        self._made_at_level += len(made)
        return made

    def _start_next_level(self) -> None:
        self.exhausted = not self._made_at_level
        self._level += 1
        self._made_at_level = 0
        self._cursors.clear()
