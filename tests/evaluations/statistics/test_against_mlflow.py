"""The comparison agrees with MLflow's where both compute the same thing."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from apps.evaluations.statistics import PairedColumns, compare_pairs

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CASES = 30


def make_scorers() -> dict[str, dict[str, list]]:
    random = np.random.default_rng(3)
    before, after = random.random(CASES) < 0.5, random.random(CASES) < 0.8
    relevance = random.random(CASES)
    moved = np.clip(relevance + random.normal(0.05, 0.1, CASES), 0, 1)
    moved[:7] = relevance[:7]
    return {
        "accuracy": {"before": before.tolist(), "after": after.tolist()},
        "mean_relevance": {"before": relevance.tolist(), "after": moved.tolist()},
        "latency_ms": {
            "before": random.lognormal(2, 1, CASES).tolist(),
            "after": random.lognormal(2.2, 1, CASES).tolist(),
        },
    }


@pytest.fixture(scope="module")
def referee(tmp_path_factory):
    command = [sys.executable, "-m", "tests.evaluations.statistics.referee", str(tmp_path_factory.mktemp("mlflow"))]
    ran = subprocess.run(command, input=json.dumps(make_scorers()), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def measures(referee):
    columns = {name: tuple(np.array(found["pairs"]).T) for name, found in referee.items()}
    return compare_pairs(PairedColumns(columns), primary="accuracy", margin=0.01, slices={}, seed=0).measures


def test_mlflow_compared_every_measure_over_all_pairs(referee):
    assert set(referee) == {"accuracy", "mean_relevance", "latency_ms"}
    assert {found["statistics"]["n_paired"] for found in referee.values()} == {CASES}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("before", "baseline_mean"),
        ("after", "candidate_mean"),
        ("difference", "diff"),
        ("low", "ci_low"),
        ("high", "ci_high"),
        ("effect_size", "effect_size"),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "mean_relevance", "latency_ms"])
def test_difference_interval_and_effect_agree(referee, measures, name, ours, theirs):
    expected = referee[name]["statistics"][theirs]
    assert math.isclose(getattr(measures[name], ours), expected, rel_tol=1e-9, abs_tol=1e-9)


def test_exact_mcnemar_and_its_pairs_agree(referee, measures):
    theirs = referee["accuracy"]["statistics"]
    assert theirs["method"] == "mcnemar_exact"
    assert measures["accuracy"].method == "mcnemar"
    assert 0 < theirs["p_value"] < 1
    assert math.isclose(measures["accuracy"].p_value, theirs["p_value"], rel_tol=1e-9)


def test_discordant_pairs_agree(referee):
    pairs = tuple(np.array(referee["accuracy"]["pairs"]).T)
    comparison = compare_pairs(PairedColumns({"accuracy": pairs}), primary="accuracy", margin=0.01, slices={})
    assert comparison.newly_right + comparison.newly_wrong == referee["accuracy"]["statistics"]["n_nonzero"]
