import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.metrics import measure_outcomes
from tests.evaluations.metrics.making import make_columns

pytestmark = pytest.mark.unit


def test_figures_of_a_small_run():
    columns = make_columns(
        right=[True, True, False, False],
        rank=[1, 1, 2, 0],
        score=[1.0, 0.8, 0.4, 0.0],
        answered=[True, False, True, False],
        confidence=[0.9, 0.2, 0.6, 0.0],
        failed=[False, False, False, True],
        latency_ms=[10.0, 20.0, 30.0, 5000.0],
        cost=[0.001, 0.002, 0.0, 0.0],
    )
    shown = measure_outcomes(columns, seconds=2.0).as_dict()
    assert shown["cases"] == 4
    assert shown["accuracy"] == 0.5
    assert shown["recall_at_5"] == 0.75
    assert shown["mrr_at_10"] == 0.625
    assert shown["answered"] == 0.5
    assert shown["precision_answered"] == 0.5
    assert shown["mean_relevance"] == 0.55
    assert shown["success_rate"] == 0.75
    assert shown["cases_per_second"] == 2
    assert shown["latency_ms"] == {"mean": 20, "p50": 20, "p95": 29, "p99": 29.8}
    assert shown["cost"] == 0.003
    assert shown["calibration"]["ece"] == pytest.approx((0.1 + 0.8 + 0.6) / 3, abs=1e-6)
    assert shown["accuracy_interval"] == [0.150039, 0.849961]


def test_a_run_without_cases_has_no_figures():
    shown = measure_outcomes(make_columns(right=[]), seconds=None).as_dict()
    figures = {
        name: value for name, value in shown.items() if name not in ("cases", "cost", "calibration", "latency_ms")
    }
    assert set(figures.values()) == {None}
    assert shown["latency_ms"] == dict.fromkeys(("mean", "p50", "p95", "p99"))
    assert shown["calibration"] == {"ece": None, "bins": []}
    assert (shown["cases"], shown["cost"]) == (0, 0)


def test_where_nothing_was_answered_there_is_no_precision():
    measures = measure_outcomes(make_columns(right=[True, False], answered=[False, False]), seconds=1.0)
    assert measures.answered == 0
    assert measures.precision_answered is None


def test_where_everything_failed_there_is_no_latency():
    measures = measure_outcomes(make_columns(right=[False, False], failed=[True, True]), seconds=1.0)
    assert measures.success_rate == 0
    assert measures.latency_ms.p99 is None
    assert measures.calibration.ece is None


@pytest.mark.parametrize("seconds", [None, 0.0])
def test_without_a_time_there_is_no_speed(seconds):
    assert measure_outcomes(make_columns(right=[True]), seconds=seconds).cases_per_second is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.booleans(), st.floats(0, 1)), max_size=30))
def test_shares_are_from_0_to_1_in_their_order_and_json_takes_them(rows):
    right = [row[0] for row in rows]
    columns = make_columns(
        right=right,
        rank=np.array([1 if row[0] else row[1] + 1 if row[1] else 0 for row in rows], dtype=int),
        answered=np.array([row[2] for row in rows], dtype=bool),
        confidence=np.array([row[3] for row in rows], dtype=float),
    )
    measures = measure_outcomes(columns, seconds=3.0)
    json.dumps(measures.as_dict(), allow_nan=False)
    if rows:
        assert 0 <= measures.accuracy <= measures.mrr_at_10 <= 1
        assert measures.accuracy <= measures.recall_at_5 <= 1
        assert measures.accuracy_interval[0] <= measures.accuracy <= measures.accuracy_interval[1]


def test_measuring_needs_numpy_alone():
    probe = "import sys, apps.evaluations.metrics; print([name for name in ('scipy', 'django') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
