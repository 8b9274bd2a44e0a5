import numpy as np
import pytest

from apps.evaluations.metrics.columns import score_cases
from tests.evaluations.metrics.making import make_columns

pytestmark = pytest.mark.unit


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="equal length"):
        make_columns(right=[True, False], score=[1.0])


def test_columns_of_more_dimensions_are_refused():
    with pytest.raises(ValueError, match="one dimension"):
        make_columns(**{name: np.zeros((2, 2)) for name in make_columns(right=[True]).__dataclass_fields__})


def test_rows_are_taken_by_place_and_by_mask():
    columns = make_columns(right=[True, False, True], latency_ms=[1.0, 2.0, 3.0])
    assert columns.take(np.array([2, 0])).latency_ms.tolist() == [3, 1]
    assert columns.take(~columns.right).latency_ms.tolist() == [2]


def test_each_case_scores_by_its_rank():
    scores = score_cases(make_columns(right=[True, False, False, False, False], rank=[1, 5, 6, 11, 0]))
    assert scores["accuracy"].tolist() == [1, 0, 0, 0, 0]
    assert scores["recall_at_5"].tolist() == [1, 1, 0, 0, 0]
    assert scores["mrr_at_10"].tolist() == [1, 1 / 5, 1 / 6, 0, 0]


def test_a_right_case_without_ranks_has_its_answer_in_first_place():
    scores = score_cases(make_columns(right=[True, False], rank=[0, 0]))
    assert scores["recall_at_5"].tolist() == scores["mrr_at_10"].tolist() == [1, 0]


def test_other_scores_are_the_columns_themselves():
    columns = make_columns(right=[True, False], failed=[False, True], score=[0.7, 0.0], cost=[0.1, 0.2])
    scores = score_cases(columns)
    assert scores["success_rate"].tolist() == [1, 0]
    assert scores["mean_relevance"].tolist() == [0.7, 0]
    assert scores["cost"].tolist() == [0.1, 0.2]
    assert {values.dtype for values in scores.values()} == {np.dtype(np.float64)}
