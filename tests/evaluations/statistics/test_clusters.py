import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.statistics.clusters import gather_clusters

pytestmark = pytest.mark.unit


def test_differences_are_summed_by_group():
    found = gather_clusters(np.array([1.0, 0.0, -1.0, 1.0]), np.array([7, 2, 7, 7]))
    assert found.sums.tolist() == [0, 1]
    assert found.sizes.tolist() == [1, 3]
    assert (found.pairs, found.mean, found.design) == (4, 0.25, 2.5)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_groups_of_one_are_no_groups(differences, random):
    ids = list(range(len(differences)))
    random.shuffle(ids)
    alone, grouped = (gather_clusters(np.array(differences), groups) for groups in (None, np.array(ids)))
    assert grouped.sums.tolist() == alone.sums.tolist()
    assert grouped.sizes.tolist() == alone.sizes.tolist()
    assert grouped.design == 1


@pytest.mark.parametrize("differences", [[], [0.5, float("nan")], [float("inf")]])
def test_differences_must_be_finite_numbers(differences):
    with pytest.raises(ValueError, match="finite"):
        gather_clusters(np.array(differences), None)


def test_groups_must_be_as_many_as_differences():
    with pytest.raises(ValueError, match="1 groups for 2"):
        gather_clusters(np.zeros(2), np.array([1]))
