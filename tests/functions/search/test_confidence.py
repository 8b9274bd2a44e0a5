from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.confidence import (
    ANSWER_THRESHOLD,
    BY_WORDS,
    WITH_MEANING,
    Evidence,
    confidence_of_name,
    estimate_confidence,
)

pytestmark = pytest.mark.unit

UNIT = st.floats(0, 1)
EVIDENCE = st.builds(
    Evidence,
    semantic=st.none() | UNIT,
    lead=UNIT,
    curated=st.booleans(),
    told=UNIT,
    alike=UNIT,
    lexical=UNIT,
    worth=st.floats(0, 20),
)


@settings(deadline=None)
@given(EVIDENCE)
def test_it_is_a_probability(evidence):
    assert 0 < estimate_confidence(evidence) < 1


@settings(deadline=None)
@given(EVIDENCE, st.sampled_from(["semantic", "lexical", "worth"]), UNIT)
def test_better_evidence_never_lowers_it(evidence, feature, other):
    if getattr(evidence, feature) is None:
        return
    low, high = sorted((getattr(evidence, feature), other))
    less, more = (estimate_confidence(replace(evidence, **{feature: value})) for value in (low, high))
    assert less <= more + 1e-12


@settings(deadline=None)
@given(EVIDENCE, st.sampled_from(["lead", "told", "alike"]), UNIT)
def test_with_meaning_a_longer_lead_or_more_of_the_query_never_lowers_it(evidence, feature, other):
    low, high = sorted((getattr(evidence, feature), other))
    less, more = (estimate_confidence(replace(evidence, **{"semantic": 0.5, feature: value})) for value in (low, high))
    assert less <= more + 1e-12


def test_a_close_match_is_answered_and_nothing_in_common_is_not():
    assert estimate_confidence(Evidence(0.8, 0.15)) > ANSWER_THRESHOLD
    assert estimate_confidence(Evidence(0.25, 0.01)) < ANSWER_THRESHOLD
    assert estimate_confidence(Evidence(None, 0.4)) > ANSWER_THRESHOLD
    assert estimate_confidence(Evidence(None, 0.05)) < ANSWER_THRESHOLD


def test_words_alone_have_a_model_of_their_own():
    assert BY_WORDS != WITH_MEANING
    assert BY_WORDS.semantic == 0


SURE = Evidence(None, 0.4, curated=True, told=1.0, lexical=0.75, worth=2.0)


def test_words_are_sure_only_of_a_clear_lead_with_all_the_words():
    assert SURE.is_sure
    unsure = [{"curated": False}, {"lead": 0.1}, {"semantic": 0.9}, {"told": 0.8, "alike": 0.1}]
    assert not any(replace(SURE, **change).is_sure for change in unsure)
    assert estimate_confidence(SURE) > estimate_confidence(replace(SURE, curated=False))


@pytest.mark.parametrize("change", [{"worth": 0.6}, {"lexical": 0.2, "worth": 1.0}])
def test_words_are_not_sure_of_what_is_soon_told_by_another_function(change):
    doubtful = replace(SURE, **change)
    assert doubtful.is_leading
    assert not doubtful.is_sure


def test_what_a_curated_function_does_not_tell_of_the_query_is_doubted():
    told = Evidence(0.6, 0.2, curated=True, told=0.8, alike=0.2, lexical=0.7, worth=2.0)
    assert estimate_confidence(told) > ANSWER_THRESHOLD > estimate_confidence(replace(told, told=0.3, lexical=0.3))


def test_names_written_as_code_are_surer_than_words():
    assert confidence_of_name("parse_date") > confidence_of_name("parse date") > confidence_of_name("parse")
