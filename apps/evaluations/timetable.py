"""When a schedule is due, in words and as cron fields: "every night at 2" is `0 2 * * *`."""

import re
from dataclasses import dataclass

from apps.evaluations.timetable_fields import DAYS, FIELDS, format_field, parse_field

EXAMPLES = (
    '"every night at 2", "every day at 14:30", "weekdays at 7:15", "every Monday and Thursday at 9 pm", '
    '"on the 1st of every month at 4", "every 15 minutes" or cron ("0 2 * * *")'
)
NIGHT = frozenset({*range(18, 24), *range(6)})
SAID_AS_NIGHT = frozenset({22, 23, *range(5)})
WEEKDAYS, WEEKEND = "1-5", "0,6"
MAX_LENGTH = 200

_EVERY_PART = re.compile(r"every (?:(?P<count>\d{1,2}) )?(?P<unit>minute|hour)s?(?: at :(?P<minute>\d{2}))?")
_DAYS_AT = re.compile(r"(?P<days>.+?) at (?P<time>.+)")
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>am|pm|o'clock)?")
_MONTHLY = re.compile(
    r"(?:on )?the (?P<dates>.+?) of (?:every|each|the) month|(?:every month|monthly) on the (?P<dates_after>.+)"
)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_AND = re.compile(r",? and |, ?")
_CRON = re.compile(r"[\d*]\S*(?: \S+){4}")


class UnknownWords(ValueError):
    """Words that say no time; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Cron fields in one fixed spelling, so that equal times are equal. Sunday is 0; `*` is any."""

    minute: str = "*"
    hour: str = "*"
    day_of_week: str = "*"
    day_of_month: str = "*"
    month: str = "*"

    @property
    def cron(self) -> str:
        return f"{self.minute} {self.hour} {self.day_of_month} {self.month} {self.day_of_week}"


def make_timetable(
    minute: str = "*", hour: str = "*", day_of_week: str = "*", day_of_month: str = "*", month: str = "*"
) -> Timetable:
    """From cron fields in any spelling: lists, ranges, steps, names of days and months. Raises UnknownWords."""
    given = {
        "minute": minute, "hour": hour, "day_of_week": day_of_week, "day_of_month": day_of_month, "month": month
    }  # fmt: skip
    fields = {}
    for name, text in given.items():
        values = parse_field(FIELDS[name], text)
        if values is None:
            raise UnknownWords(f"{text!r} is no {FIELDS[name].title}")
        fields[name] = format_field(FIELDS[name], values)
    return Timetable(**fields)


def parse_words(words: str) -> Timetable:
    """Raises UnknownWords, with examples, for what it does not understand."""
    text = " ".join(words.lower().replace("a.m.", "am").replace("p.m.", "pm").split()).rstrip(".")
    if not text or len(text) > MAX_LENGTH:
        raise UnknownWords(f"say when, such as {EXAMPLES}")
    if _CRON.fullmatch(text):
        return _parse_cron(text)
    if found := _EVERY_PART.fullmatch({"hourly": "every hour"}.get(text, text)):
        return _parse_part(found["count"], found["unit"], found["minute"])
    found = _DAYS_AT.fullmatch(text)
    if not found:
        raise UnknownWords(f"is not understood; write such as {EXAMPLES}")
    days, time = found["days"], found["time"]
    hour, minute = _parse_time(time)
    if days in ("every night", "each night", "nightly") and hour not in NIGHT:
        raise UnknownWords(f"{hour}:{minute:02} is not at night; write {time} pm, or every day at {hour}:{minute:02}")
    return make_timetable(minute=str(minute), hour=str(hour), **_parse_days(days))


def say_words(timetable: Timetable) -> str:
    """Words that `parse_words` reads back to the same timetable; cron where no words fit."""
    clock = re.fullmatch(r"(\d+) (\d+)", f"{timetable.minute} {timetable.hour}")
    if not clock:
        return _say_part(timetable)
    minute, hour = int(clock[1]), int(clock[2])
    days = _say_days(timetable, is_night=hour in SAID_AS_NIGHT)
    return f"{days} at {hour}:{minute:02}" if days else timetable.cron


def _parse_cron(text: str) -> Timetable:
    minute, hour, day_of_month, month, day_of_week = text.split(" ")
    timetable = make_timetable(minute, hour, day_of_week, day_of_month, month)
    if timetable.day_of_month != "*" and timetable.day_of_week != "*":
        # cron takes either day, Celery only days that are both.
        raise UnknownWords("give a day of the month or a day of the week, not both")
    if not _ever_comes(timetable):
        raise UnknownWords("no such day ever comes")
    return timetable


def _ever_comes(timetable: Timetable) -> bool:
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    days = parse_field(FIELDS["day_of_month"], timetable.day_of_month) or set()
    months = parse_field(FIELDS["month"], timetable.month) or set()
    return any(min(days) <= longest.get(month, 31) for month in months)


def _parse_part(count: str | None, unit: str, minute: str | None) -> Timetable:
    """Every so many minutes or hours."""
    every = int(count or 1)
    whole = 60 if unit == "minute" else 24
    if every == 0 or whole % every:
        fitting = ", ".join(str(number) for number in range(2, whole) if whole % number == 0)
        raise UnknownWords(f"{every} {unit}s do not go into {whole} evenly; choose one of {fitting}")
    if unit == "minute":
        if minute:
            raise UnknownWords(f"is not understood; write such as {EXAMPLES}")
        return make_timetable(minute=f"*/{every}")
    return make_timetable(minute=minute or "0", hour=f"*/{every}")


def _parse_time(text: str) -> tuple[int, int]:
    if text in ("noon", "midnight"):
        return (12 if text == "noon" else 0), 0
    found = _CLOCK.fullmatch(text)
    if not found:
        raise UnknownWords(f"{text!r} is no time of day; write 2, 14:30, 9 pm, noon or midnight")
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"] in ("am", "pm"):
        if not 1 <= hour <= 12:
            raise UnknownWords(f"{text!r} is no time of day; am and pm go with 1 to 12")
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    if hour > 23 or minute > 59:
        raise UnknownWords(f"{text!r} is no time of day")
    return hour, minute


def _parse_days(text: str) -> dict[str, str]:
    if text in ("every day", "each day", "daily", "every night", "each night", "nightly"):
        return {}
    if found := _MONTHLY.fullmatch(text):
        return {"day_of_month": _parse_dates(found["dates"] or found["dates_after"])}
    names = re.sub(r"^(?:on |every |each )+", "", text)
    if names in ("weekday", "weekdays"):
        return {"day_of_week": WEEKDAYS}
    if names in ("weekend", "weekends", "the weekend"):
        return {"day_of_week": WEEKEND}
    numbers = {day.lower(): str(number) for number, day in enumerate(DAYS)}
    days = [day.removeprefix("every ").removesuffix("s") for day in _AND.split(names)]
    unknown = [day for day in days if day not in numbers]
    if unknown:
        raise UnknownWords(f"{unknown[0]!r} is no day; write such as {EXAMPLES}")
    return {"day_of_week": ",".join(numbers[day] for day in days)}


def _parse_dates(text: str) -> str:
    dates = []
    for part in _AND.split(text):
        found = _ORDINAL.fullmatch(part.removeprefix("the "))
        if not found or not 1 <= int(found[1]) <= 31:
            raise UnknownWords(f"{part!r} is no day of a month; write such as 1st or 15th")
        dates.append(found[1])
    return ",".join(dates)


def _say_part(timetable: Timetable) -> str:
    if timetable.cron == "* * * * *":
        return "every minute"
    if timetable == Timetable(minute="0"):
        return "every hour"
    if found := re.fullmatch(r"\*/(\d+) \* \* \* \*", timetable.cron):
        return f"every {found[1]} minutes"
    if found := re.fullmatch(r"(\d+) (?:\*|\*/(\d+)) \* \* \*", timetable.cron):
        every = f"every {found[2]} hours" if found[2] else "every hour"
        return every if found[1] == "0" else f"{every} at :{int(found[1]):02}"
    return timetable.cron


def _say_days(timetable: Timetable, *, is_night: bool) -> str:
    """ "" where there are no words for them."""
    week, dates = timetable.day_of_week, timetable.day_of_month
    if timetable.month != "*" or (week != "*" and dates != "*"):
        return ""
    if dates != "*":
        values = sorted(parse_field(FIELDS["day_of_month"], dates) or [])
        return f"on the {_join([f'{value}{_suffix(value)}' for value in values])} of every month"
    if week == "*":
        return "every night" if is_night else "every day"
    if week in (WEEKDAYS, WEEKEND):
        return "weekdays" if week == WEEKDAYS else "weekends"
    values = sorted(parse_field(FIELDS["day_of_week"], week) or [], key=lambda value: (value - 1) % 7)
    return f"every {_join([DAYS[value] for value in values])}"


def _suffix(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _join(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
