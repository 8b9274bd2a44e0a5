import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from apps.functions.generation import KINDS, Subject, generate
from apps.functions.generation.answers import MAX_ANSWERS
from apps.functions.generation.subjects import is_looked_up
from tests.functions.generation.catalogue import make_catalogue
from tests.functions.generation.oracle import Oracle

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def subjects():
    return make_catalogue()


@pytest.fixture(scope="module")
def cases(subjects):
    return list(generate(subjects, count=400, seed=1))


def test_a_seed_makes_the_same_cases_in_any_order_of_the_catalogue(subjects, cases):
    assert list(generate(subjects[::-1], count=400, seed=1)) == cases
    assert list(generate(subjects, count=400, seed=2)) != cases


def test_processes_agree():
    code = (
        "from tests.functions.generation.catalogue import make_catalogue\n"
        "from apps.functions.generation import generate\n"
        "print([case.external_id for case in generate(make_catalogue(), count=200, seed=3)])"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(made) == 1
    assert made.pop().count(b"-") == 200


def test_no_query_is_asked_twice(cases):
    assert len({case.query.casefold() for case in cases}) == len(cases) == 400
    assert len({case.external_id for case in cases}) == 400


def test_a_case_says_what_it_was_made_of(subjects, cases):
    languages = {subject.key: subject.language for subject in subjects}
    for case in cases:
        assert case.tags == (case.made_by, languages[case.group])
        assert case.external_id.startswith(f"{case.made_by}-")
        assert case.group in case.expected
        assert list(case.expected) == sorted(set(case.expected))
        assert len(case.expected) <= MAX_ANSWERS
        assert case.filters == {}


def test_every_kind_has_its_share(subjects):
    made = Counter(case.made_by for case in generate(subjects, count=200, seed=1))
    assert sum(share for share, _ in KINDS.values()) == pytest.approx(1)
    assert {kind: made[kind] / 200 for kind in KINDS} == pytest.approx(
        {kind: share for kind, (share, _) in KINDS.items()}, abs=0.01
    )


@pytest.mark.parametrize("count", [42, 150, 400])
def test_cases_are_spread_as_the_catalogue_is(subjects, count):
    made = Counter(case.group.partition("/")[0] for case in generate(subjects, count=count, seed=5))
    for library, size in Counter(subject.library for subject in subjects).items():
        assert made[library] == pytest.approx(count * size / len(subjects), abs=1.01)


def test_every_function_that_is_looked_up_is_used_before_any_is_used_twice(subjects):
    # As many functions of each library as it has shares, so that none must be used twice for the spread.
    asked = [subject for subject in subjects if is_looked_up(subject)]
    made = Counter(case.group for case in generate(asked, count=len(asked), seed=4))
    assert made == Counter(subject.key for subject in asked)


def test_what_nobody_looks_up_is_not_asked_for(subjects, cases):
    left_out = {subject.key for subject in subjects if not is_looked_up(subject)}
    assert left_out
    assert left_out.isdisjoint(case.group for case in cases)


def test_the_beginning_is_a_fair_sample(cases):
    made = Counter(case.made_by for case in cases[:100])
    assert set(made) == set(KINDS)
    assert max(made.values()) < 40


def test_what_can_be_made_is_made_when_more_is_asked_for(subjects):
    cases = list(generate(subjects[:3], count=10_000, seed=1))
    assert 50 < len(cases) < 1_000
    assert {case.group for case in cases} == {subject.key for subject in subjects[:3]}


def test_nothing_comes_of_nothing(subjects):
    assert list(generate([], count=5, seed=1)) == []
    assert list(generate(subjects, count=0, seed=1)) == []
    assert list(generate([Subject(key="a/f", name="f", language="python")], count=5, seed=1)) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_a_perfect_system_scores_everything(subjects, seed):
    oracle = Oracle(subjects)
    cases = list(generate(subjects, count=800, seed=seed))
    assert len(cases) == 800
    missed = [
        (case.query, case.expected, best)
        for case in cases
        if not (best := oracle.ask(case.query)) <= set(case.expected)
    ]
    assert missed == []


def test_twins_are_all_right_and_what_is_too_vague_is_not_asked():
    twins = [
        Subject(key=f"lib/{number}", name="parse_date", language="python", description="Parse a date.")
        for number in range(MAX_ANSWERS)
    ]
    keys = tuple(sorted(subject.key for subject in twins))
    cases = list(generate(twins, count=50, seed=1))
    assert cases
    assert all(case.expected == keys for case in cases)
    one_more = Subject(key="lib/x", name="parse_date", language="python", description="Parse a date.")
    assert list(generate([*twins, one_more], count=50, seed=1)) == []


def test_a_language_that_is_named_leaves_only_its_functions_right(subjects):
    cases = [case for case in generate(subjects, count=800, seed=6) if "date" in case.query]
    named = {case.query: case.expected for case in cases if case.made_by == "language" and "parse" in case.query}
    plain = {case.query: case.expected for case in cases if case.made_by in ("name", "spelling")}
    both = ("domkit/date.js::parseDate", "textkit/dates.py::parse_date")
    assert named
    for query, expected in named.items():
        assert expected == (both[0] if "javascript" in query or "js" in query else both[1],)
    assert plain["parse_date"] == both


def test_a_language_named_by_accident_is_not_asked_for():
    subjects = [
        Subject(key="a/1", name="convert", language="rust", description="Convert a python object to bytes."),
        Subject(key="b/2", name="join_path", language="python", description="Join two parts of a path."),
    ]
    cases = list(generate(subjects, count=300, seed=1))
    assert {case.group for case in cases} == {"a/1", "b/2"}
    assert not any("python" in case.query for case in cases if case.group == "a/1")


def test_the_fields_of_a_curator_are_used():
    subjects = [
        Subject(
            key="a/1", name="arrange", language="python", action="sort", data_type="linked list", keywords=("stable",)
        ),
        Subject(key="a/2", name="tidy", language="python", action="sort", data_type="heap"),
    ]
    queries = {case.query for case in generate(subjects, count=300, seed=1) if case.made_by == "action"}
    assert {"sort linked list", "sort linked list stable", "sort heap"} <= queries
