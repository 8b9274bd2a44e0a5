"""Asks MLflow to compare two evaluation runs: values as JSON on standard input, its comparison on standard output.

In a process of its own: MLflow sets up tracing and logging for the whole process when it is imported.
"""

import json
import os
import sys
import types
from dataclasses import asdict
from pathlib import Path

SETTINGS = {
    # A tracking store of files needs no database libraries.
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A trace must be stored before it can be graded.
    "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",
}


def main(folder: Path) -> None:
    os.environ.update(SETTINGS)
    # MLflow asks whether a part of Databricks' SDK is there in a way that fails where nothing of it is.
    sys.modules["databricks"] = types.ModuleType("databricks")
    sys.modules["databricks"].__path__ = []
    import mlflow

    mlflow.set_tracking_uri(folder.as_uri())
    mlflow.set_experiment("referee")
    scorers = json.load(sys.stdin)
    baseline, candidate = (
        log_run(mlflow, {name: both[side] for name, both in scorers.items()}) for side in ("before", "after")
    )
    result = mlflow.genai.compare_evaluations(candidate_run_id=candidate, baseline_run_id=baseline)
    found = {
        name: {
            "statistics": asdict(comparison),
            # In the order in which MLflow paired them: its bootstrap draws by place.
            "pairs": [
                [row["scores"][name]["baseline"], row["scores"][name]["candidate"]] for row in result.paired_rows
            ],
        }
        for name, comparison in result.scorers.items()
    }
    print(json.dumps(found))


def log_run(mlflow, values) -> str:
    """A run with one trace a case, graded by every scorer."""
    with mlflow.start_run() as run:
        for case in range(len(next(iter(values.values())))):
            with mlflow.start_span("case") as span:
                span.set_inputs({"case": case})
            for name, column in values.items():
                mlflow.log_feedback(trace_id=span.trace_id, name=name, value=column[case])
    return run.info.run_id


if __name__ == "__main__":
    main(Path(sys.argv[1]))
