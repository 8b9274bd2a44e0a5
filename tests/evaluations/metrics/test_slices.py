import pytest

from apps.evaluations.metrics import slice_measures
from tests.evaluations.metrics.making import make_columns

pytestmark = pytest.mark.unit

COLUMNS = make_columns(right=[True, False, True, False])


def test_each_value_of_each_dimension_is_measured():
    found = slice_measures(
        COLUMNS,
        {
            "language": ["python", "go", "python", ""],
            "tag": [frozenset({"typo", "short"}), frozenset(), frozenset({"typo"}), frozenset({"short"})],
        },
    )
    assert {dimension: list(values) for dimension, values in found.items()} == {
        "language": ["go", "python"],
        "tag": ["short", "typo"],
    }
    assert found["language"]["python"]["cases"] == 2
    assert found["language"]["python"]["accuracy"] == 1
    assert found["language"]["go"]["accuracy"] == 0
    assert found["tag"]["short"]["accuracy"] == 0.5
    assert found["tag"]["typo"]["cases_per_second"] is None


def test_a_value_given_twice_counts_its_case_once():
    assert slice_measures(COLUMNS, {"tag": [["a", "a"], [], [], []]})["tag"]["a"]["cases"] == 1


def test_a_dimension_must_say_something_of_every_case():
    with pytest.raises(ValueError, match="3 values for 4 cases"):
        slice_measures(COLUMNS, {"tier": ["cache", "rules", "rules"]})
