from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from apps.inference.semantic.features import compare
from apps.inference.semantic.wording import BESIDE, BUCKETS, MOST_EXCHANGES, Wording, choose_bucket, list_wording
from tests.inference.semantic.questions import VOCABULARY, read, texts

pytestmark = pytest.mark.unit


def score(weighted: dict[int, float], first: str, second: str) -> float:
    weights = np.zeros(BUCKETS, dtype=np.float32)
    for bucket, weight in weighted.items():
        weights[bucket] = weight
    one, two = read(first), read(second)
    features = compare(one, two, 0.9, VOCABULARY.vectors)[None]
    wording = Wording(weights, np.zeros(len(BESIDE), dtype=np.float32), 0.5)
    return float(wording.score(features, [(one, two)])[0])


@given(texts, texts)
def test_words_count_the_same_either_way_round(first: str, second: str) -> None:
    one, two = read(first), read(second)
    assert Counter(list_wording(one, two)) == Counter(list_wording(two, one))


def test_a_word_that_only_one_says_has_a_weight_of_its_own() -> None:
    weighted = {choose_bucket("different", "naturally"): -2.0}
    assert score(weighted, "how to sleep naturally", "how to sleep") == -1.5
    assert score(weighted, "how to sleep naturally", "how to sleep naturally") == 0.5


def test_a_word_in_place_of_another_has_one_too() -> None:
    weighted = {choose_bucket("exchange", "against", "for"): -3.0}
    assert score(weighted, "reasons for it", "reasons against it") == -2.5
    assert score(weighted, "reasons against it", "reasons for it") == -2.5


def test_many_words_in_place_of_many_are_no_exchanges() -> None:
    many = " ".join("abcdefghijklmnop"[: MOST_EXCHANGES + 1])
    weighted = {choose_bucket("exchange", "", "a"): 1.0}
    assert score(weighted, many, "") == 0.5
    assert score(weighted, "a b", "") != 0.5


def test_features_count_beside_the_words() -> None:
    beside = np.zeros(len(BESIDE), dtype=np.float32)
    beside[BESIDE.index("cosine")] = 2
    question = read("how to sleep")
    wording = Wording(np.zeros(BUCKETS, dtype=np.float32), beside, 0.0)
    features = compare(question, question, 0.75, VOCABULARY.vectors)[None]
    assert wording.score(features, [(question, question)]).tolist() == [1.5]
