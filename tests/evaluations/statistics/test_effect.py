import numpy as np
import pytest

from apps.evaluations.statistics.effect import cohens_dz, cohens_g, count_discordant, odds_ratio

pytestmark = pytest.mark.unit


def test_standardised_difference():
    assert cohens_dz(np.array([1.0, 2.0, 3.0])) == pytest.approx(2)
    assert cohens_dz(np.array([-1.0, -2.0, -3.0])) == pytest.approx(-2)


@pytest.mark.parametrize("differences", [[0.5], [0.2, 0.2, 0.2]])
def test_without_spread_there_is_no_standardised_difference(differences):
    assert cohens_dz(np.array(differences)) is None


def test_discordant_pairs():
    before, after = np.array([0.0, 1, 1, 0, 1]), np.array([1.0, 0, 0, 0, 1])
    assert count_discordant(before, after) == (1, 2)
    assert cohens_g(1, 2) == pytest.approx(-1 / 6)
    assert odds_ratio(1, 2) == 0.5


def test_without_discordant_pairs_there_is_no_ratio():
    assert cohens_g(0, 0) is None
    assert odds_ratio(3, 0) is None
