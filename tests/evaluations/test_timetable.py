import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.evaluations.timetable import Timetable, UnknownWords, make_timetable, parse_words, say_words
from apps.evaluations.timetable_fields import FIELDS, format_field, parse_field

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("words", "cron", "said"),
    [
        ("every night at 2", "0 2 * * *", "every night at 2:00"),
        ("every day at 14:30", "30 14 * * *", "every day at 14:30"),
        ("Every Monday at 6", "0 6 * * 1", "every Monday at 6:00"),
        ("weekdays at 7:15", "15 7 * * 1-5", "weekdays at 7:15"),
        ("on every weekday at noon", "0 12 * * 1-5", "weekdays at 12:00"),
        ("every weekend at 3 am", "0 3 * * 0,6", "weekends at 3:00"),
        ("every hour", "0 * * * *", "every hour"),
        ("hourly", "0 * * * *", "every hour"),
        ("every hour at :05", "5 * * * *", "every hour at :05"),
        ("every 6 hours", "0 */6 * * *", "every 6 hours"),
        ("every 15 minutes", "*/15 * * * *", "every 15 minutes"),
        ("every 30 minutes", "*/30 * * * *", "every 30 minutes"),
        ("every 1 minute", "* * * * *", "every minute"),
        ("on the 1st of every month at 4", "0 4 1 * *", "on the 1st of every month at 4:00"),
        ("every month on the 1st and the 15th at 4 pm", "0 16 1,15 * *", "on the 1st and 15th of every month at 16:00"),
        ("every Monday and Thursday at 9 pm", "0 21 * * 1,4", "every Monday and Thursday at 21:00"),
        ("Mondays, Wednesdays and Sundays at 12:05 am", "5 0 * * 0,1,3", "every Monday, Wednesday and Sunday at 0:05"),
        ("daily at 12 pm", "0 12 * * *", "every day at 12:00"),
        ("every night at 9 p.m.", "0 21 * * *", "every day at 21:00"),
        ("  every   night at midnight. ", "0 0 * * *", "every night at 0:00"),
        ("every day at 7 o'clock", "0 7 * * *", "every day at 7:00"),
        ("0 2 * * *", "0 2 * * *", "every night at 2:00"),
        ("0 2 * * mon-fri", "0 2 * * 1-5", "weekdays at 2:00"),
        ("0 2 * * 7", "0 2 * * 0", "every Sunday at 2:00"),
        ("5,10 8-18/2 * jan,dec *", "5,10 8,10,12,14,16,18 * 1,12 *", "5,10 8,10,12,14,16,18 * 1,12 *"),
    ],
)
def test_words_become_cron_and_are_said_back(words, cron, said):
    timetable = parse_words(words)
    assert timetable.cron == cron
    assert say_words(timetable) == said
    assert parse_words(said) == timetable


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "say when"),
        ("x" * 201, "say when"),
        ("whenever", "every night at 2"),
        ("every night at 9", "9:00 is not at night; write 9 pm"),
        ("every day at 25", "no time of day"),
        ("every day at 3:60", "no time of day"),
        ("every day at 13 pm", "am and pm go with 1 to 12"),
        ("every day at 0 am", "am and pm go with 1 to 12"),
        ("every day at teatime", "no time of day"),
        ("every Mond at 6", "'mond' is no day"),
        ("on the 32nd of every month at 4", "no day of a month"),
        ("on the first of every month at 4", "no day of a month"),
        ("every 7 minutes", "do not go into 60"),
        ("every 0 minutes", "do not go into 60"),
        ("every 5 hours", "do not go into 24"),
        ("every 15 minutes at :05", "not understood"),
        ("60 2 * * *", "'60' is no minute"),
        ("0 2 * * funday", "'funday' is no day of the week"),
        ("0 2 30 2 *", "no such day"),
        ("0 2 1 * 1", "not both"),
        ("0 2 5/2 * *", "no day of the month"),
        ("0 */0 * * *", "no hour"),
        ("0 2 * *", "not understood"),
    ],
)
def test_what_is_not_understood_says_why(words, reason):
    with pytest.raises(UnknownWords) as caught:
        parse_words(words)
    assert reason in str(caught.value)


def subsets(name: str) -> st.SearchStrategy[str]:
    kind = FIELDS[name]
    some = st.sets(st.sampled_from(list(kind.values)), min_size=1).map(lambda values: format_field(kind, values))
    return st.just("*") | some


@st.composite
def timetables(draw) -> Timetable:
    by_week = draw(st.booleans())
    return make_timetable(
        minute=draw(subsets("minute") | st.integers(0, 59).map(str)),
        hour=draw(subsets("hour") | st.integers(0, 23).map(str)),
        day_of_week=draw(subsets("day_of_week")) if by_week else "*",
        day_of_month="*"
        if by_week
        else draw(st.sets(st.integers(1, 28), min_size=1).map(lambda s: ",".join(map(str, s)))),
        month=draw(st.just("*") | subsets("month")),
    )


@given(timetables())
@example(Timetable(minute="*/30", hour="*/2"))
@example(make_timetable(minute="0", hour="0", day_of_week="0,6"))
def test_what_is_said_is_read_back(timetable):
    assert parse_words(say_words(timetable)) == timetable
    assert parse_words(timetable.cron) == timetable


@given(st.sampled_from(sorted(FIELDS)), st.data())
def test_a_field_has_one_spelling(name, data):
    kind = FIELDS[name]
    values = data.draw(st.sets(st.sampled_from(list(kind.values)), min_size=1))
    text = format_field(kind, values)
    assert parse_field(kind, text) == values
    assert parse_field(kind, ",".join(map(str, values))) == values


@given(st.text(max_size=40) | st.from_regex(r"every [a-z0-9: ]{1,20} at [a-z0-9: ]{1,8}", fullmatch=True))
def test_any_text_is_read_or_refused(text):
    try:
        timetable = parse_words(text)
    except UnknownWords:
        return
    assert parse_words(say_words(timetable)) == timetable


@pytest.mark.parametrize(
    ("text", "values"),
    [("fri-mon", {5, 6, 0, 1}), ("*/3", {0, 3, 6}), ("0-6/2", {0, 2, 4, 6}), ("sun,MON", {0, 1}), ("", None)],
)
def test_fields_are_read_as_celery_reads_them(text, values):
    assert parse_field(FIELDS["day_of_week"], text) == values
    if values:
        from celery.schedules import crontab

        assert crontab(day_of_week=text).day_of_week == values
