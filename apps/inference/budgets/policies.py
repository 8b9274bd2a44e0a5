"""What a budget allows, in whole numbers: dollars count in units of 1e-10, as precisely as the tables keep them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

UNITS = 10**10
"""Of a dollar."""


class Amount(NamedTuple):
    """`dollars` in units."""

    dollars: int = 0
    tokens: int = 0

    def plus(self, other: "Amount") -> "Amount":
        return Amount(self.dollars + other.dollars, self.tokens + other.tokens)

    def minus(self, other: "Amount") -> "Amount":
        return Amount(self.dollars - other.dollars, self.tokens - other.tokens)

    def least(self, other: "Amount") -> "Amount":
        return Amount(min(self.dollars, other.dollars), min(self.tokens, other.tokens))


class Account(NamedTuple):
    """A budget's id and the first day of the period that is counted."""

    budget: int
    since: date


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget as it is curated; `of` says whose it is. None is no limit. `dollars` in units."""

    budget: int
    of: str
    is_monthly: bool
    dollars: int | None
    tokens: int | None

    def account(self, today: date) -> Account:
        return Account(self.budget, today.replace(day=1) if self.is_monthly else today)

    def renews(self, today: date) -> datetime:
        """When the period of `today` is over."""
        following = today + timedelta(days=1)
        if self.is_monthly:
            following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return datetime.combine(following, time(), UTC)

    def left(self, spent: Amount, asked: Amount) -> Amount:
        """What is left of it; of what it does not limit, all that is asked."""
        return Amount(
            asked.dollars if self.dollars is None else self.dollars - spent.dollars,
            asked.tokens if self.tokens is None else self.tokens - spent.tokens,
        )


def in_units(dollars: Decimal) -> int:
    """Rounded up: what is counted is never less than what was spent."""
    return int((dollars * UNITS).to_integral_value(ROUND_CEILING))


def in_dollars(units: int) -> Decimal:
    return Decimal(units) / UNITS


def falls_short(asked: Amount, granted: Amount) -> bool:
    """Whether nothing is left of something that is needed."""
    return (asked.dollars > 0 >= granted.dollars) or (asked.tokens > 0 >= granted.tokens)
