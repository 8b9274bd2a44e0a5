import numpy as np
import pytest

from apps.functions.search import crowding
from apps.functions.search.crowding import choose_sample, measure_crowding

pytestmark = pytest.mark.unit


def units(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_it_is_the_mean_cosine_of_the_nearest_others(monkeypatch):
    monkeypatch.setattr(crowding, "BLOCK", 7)
    vectors = units(40)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    expected = np.sort(cosines, axis=1)[:, -crowding.NEIGHBOURS :].mean(axis=1)
    assert measure_crowding(vectors, vectors) == pytest.approx(expected.clip(0, 1), abs=1e-6)


def test_outsiders_keep_their_nearest_neighbour():
    vectors, sample = units(5), units(30, seed=1)
    expected = np.sort(vectors @ sample.T, axis=1)[:, -crowding.NEIGHBOURS :].mean(axis=1)
    found = measure_crowding(vectors, sample, itself_in_sample=False)
    assert found == pytest.approx(expected.clip(0, 1), abs=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_vectors_are_fine(count):
    found = measure_crowding(units(count), units(count))
    assert found.shape == (count,)
    assert ((found >= 0) & (found <= 1)).all()


def test_a_lonely_vector_is_not_crowded():
    assert measure_crowding(units(1), units(1)).tolist() == [0]


def test_a_sample_is_spread_evenly():
    assert choose_sample(5).tolist() == [0, 1, 2, 3, 4]
    many = choose_sample(100_000)
    assert (len(many), many[0], many[-1]) == (crowding.SAMPLE, 0, 99_999)
    assert (np.diff(many) > 0).all()
