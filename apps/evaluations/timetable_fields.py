"""One field of a cron line: which values it holds, and its one spelling."""

import re
from dataclasses import dataclass, field

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_PART = re.compile(r"(?:\*|(?P<first>\w{1,9})(?:-(?P<last>\w{1,9}))?)(?:/(?P<step>\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Field:
    """The values from `low` to `high`, both included; `names` are other ways to write some of them."""

    title: str
    low: int
    high: int
    names: dict[str, int] = field(default_factory=dict)

    @property
    def values(self) -> range:
        return range(self.low, self.high + 1)

    def read(self, text: str) -> int | None:
        value = self.names.get(text.lower())
        if value is None and text.isascii() and text.isdigit():
            value = int(text)
        return value if value in self.values else None


def _short_names(names: tuple[str, ...], first: int) -> dict[str, int]:
    pairs = [(name.lower(), number) for number, name in enumerate(names, first)]
    return {**dict(pairs), **{name[:3]: number for name, number in pairs}}


FIELDS = {
    "minute": Field("minute", 0, 59),
    "hour": Field("hour", 0, 23),
    "day_of_week": Field("day of the week", 0, 6, {**_short_names(DAYS, 0), "7": 0}),
    "day_of_month": Field("day of the month", 1, 31),
    "month": Field("month", 1, 12, _short_names(MONTHS, 1)),
}


def parse_field(kind: Field, text: str) -> set[int] | None:
    """The values of a list of `*`, `3`, `mon`, `1-5`, `*/15` or `8-18/2`; None when it is not one.

    A range may wrap around, as Celery allows: `fri-mon`, `22-2`.
    """
    values: set[int] = set()
    for part in text.replace(" ", "").split(","):
        found = _PART.fullmatch(part)
        if not found:
            return None
        chosen = list(kind.values)
        if found["first"]:
            first = kind.read(found["first"])
            last = kind.read(found["last"]) if found["last"] else first
            if first is None or last is None or (found["step"] and not found["last"]):
                return None
            size = len(kind.values)
            chosen = [kind.low + (first - kind.low + step) % size for step in range((last - first) % size + 1)]
        step = int(found["step"] or 1)
        if not step:
            return None
        values.update(chosen[::step])
    return values


def format_field(kind: Field, values: set[int]) -> str:
    """`*`, `*/15` where that divides the field evenly, and otherwise a list in order, three in a row as a range."""
    size = len(kind.values)
    if len(values) == size:
        return "*"
    step = size // len(values)
    if len(values) > 1 and size % len(values) == 0 and values == set(kind.values[::step]):
        return f"*/{step}"
    parts: list[str] = []
    ordered = sorted(values)
    while ordered:
        run = 1
        while run < len(ordered) and ordered[run] == ordered[0] + run:
            run += 1
        if run < 3:
            run = 1
        parts.append(f"{ordered[0]}-{ordered[run - 1]}" if run > 1 else str(ordered[0]))
        ordered = ordered[run:]
    return ",".join(parts)
