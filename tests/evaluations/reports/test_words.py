import pytest

from apps.evaluations.reports import words
from apps.evaluations.reports.contents import Flip, Reach, Side, SuiteInfo, Unpaired
from apps.evaluations.reports.measures import Unit

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, Unit.SHARE, "–"),
        (0.8767, Unit.SHARE, "87.7 %"),
        (5.4321, Unit.MILLISECONDS, "5.43 ms"),
        (54.321, Unit.MILLISECONDS, "54.3 ms"),
        (5432.1, Unit.MILLISECONDS, "5,432 ms"),
        (105.8, Unit.RATE, "106"),
        (0.0, Unit.DOLLARS, "$0.00"),
        (0.00012, Unit.DOLLARS, "$0.00012"),
        (1234.5, Unit.DOLLARS, "$1,234.50"),
    ],
)
def test_values(value, unit, shown):
    assert words.show_value(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, Unit.SHARE, "–"),
        (-0.031, Unit.SHARE, "−3.10"),
        (0.031, Unit.SHARE, "+3.10"),
        (-0.00001, Unit.SHARE, "0.00"),
        (-0.5, Unit.MILLISECONDS, "−0.50 ms"),
        (1234.0, Unit.RATE, "+1,234.0"),
    ],
)
def test_differences_have_their_sign(value, unit, shown):
    assert words.show_difference(value, unit) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.01, "1 point"), (0.0041, "0.41 points"), (-0.25, "25.0 points"), (0.00005, "0.0050 points"), (None, "–")],
)
def test_points(share, shown):
    assert words.show_points(share) == shown


@pytest.mark.parametrize(("p", "shown"), [(0.00001, "< 0.0001"), (0.0042, "0.0042"), (0.41, "0.41"), (None, "–")])
def test_p_values(p, shown):
    assert words.show_p(p) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (4.26, "4.3 s"), (94.5, "1 min 34 s"), (59.97, "1 min"), (3599.8, "1 h"), (7325, "2 h 2 min")],
)
def test_seconds(seconds, shown):
    assert words.show_seconds(seconds) == shown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-03-02T02:00:00.123456+00:00", "2026-03-02 02:00 UTC"),
        ("2026-03-02T02:00:00+01:00", "2026-03-02 02:00 +01:00"),
        ("2026-03-02T02:00:00", "2026-03-02 02:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_times(moment, shown):
    assert words.show_time(moment) == shown


@pytest.mark.parametrize(("text", "shown"), [("it fell", "It fell."), ("It fell.", "It fell."), (" ", "")])
def test_sentences(text, shown):
    assert words.as_sentence(text) == shown


def test_texts_are_clipped_to_one_line():
    assert words.clip_text("a\n  b\tc", 10) == "a b c"
    assert words.clip_text("abcdefgh", 5) == "abcd…"


def test_what_no_document_may_hold_is_replaced():
    assert words.clean_text("a\x00\x1b\ud800\ufffe\tb") == "a\ufffd\ufffd\ufffd\ufffd\tb"


@pytest.mark.parametrize(
    ("side", "expects", "shown"),
    [
        (Side(right=True, rank=1), True, "right"),
        (Side(right=False, rank=3), True, "wrong, right one at place 3"),
        (Side(right=False), True, "wrong, right one not found"),
        (Side(right=True), False, "rightly found nothing"),
        (Side(right=False), False, "answered where nothing is right"),
        (Side(right=False, rank=2, error="timeout"), True, "failed"),
    ],
)
def test_what_became_of_a_case(side, expects, shown):
    assert words.describe_side(side, expects=expects) == shown


@pytest.mark.parametrize(
    ("side", "shown"),
    [
        (Side(right=True, answered=True, confidence=0.92, tier="local_model"), "92 % sure, local model"),
        (Side(right=False, confidence=0.2), "20 % sure, abstained"),
        (Side(right=False, confidence=0.2, error="timeout"), "timeout"),
    ],
)
def test_how_sure_it_was(side, shown):
    assert words.describe_sureness(side) == shown


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ((), "nothing: no answer is right"),
        (("a",), "a"),
        (("a", "b"), "a or b"),
        (tuple("abcde"), "a or b or c, or 2 others"),
        (tuple("abcd"), "a or b or c, or 1 other"),
    ],
)
def test_the_right_answers(expected, shown):
    side = Side(right=True)
    flip = Flip("1", "q", expected, (), newly_wrong=True, change="", before=side, after=side)

    assert words.show_expected(flip) == shown


def test_what_a_suite_could_have_shown():
    reach = Reach(pairs=500, power=0.8, smallest_visible=0.035, cases_needed=6271, cases_more=1)

    assert words.explain_reach(reach, SuiteInfo("s", margin=0.01)) == [
        "The smallest difference this suite could have seen, with 500 cases asked in both runs, is 3.5 points (in 80 % "
        "of such runs).",
        "To see a difference of the margin, 1 point, it takes about 6,271 cases.",
        "About 1 more case would settle it if the difference stays as it is.",
    ]
    assert words.explain_reach(Reach(pairs=3), SuiteInfo("s")) == [
        "With 3 cases asked in both runs, no difference could have been seen."
    ]


def test_cases_left_out():
    assert words.explain_unpaired(Unpaired()) == []
    assert words.explain_unpaired(Unpaired(1, 0, 2)) == [
        "1 case was asked in the baseline only.",
        "2 cases were edited between the two runs.",
    ]
