"""Why cases fail: failures put together by cause, with what to do about each."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from apps.core.errors import InvalidInput
from apps.core.targets.registry import get_target
from apps.core.targets.types import Diagnosis, Failure, Question, Target
from apps.evaluations.models import Case, CaseOutcome, Run
from apps.evaluations.services.cases import accept_answer
from apps.evaluations.services.comparing import to_outcome

BATCH = 500
EXAMPLES = 5
CLUSTERS = 60
ACCEPT = "accept_answer"


def find_causes(run: Run) -> list[dict[str, Any]]:
    """The causes of the run's failures, most frequent first, each with its clusters and their first examples."""
    target = get_target(run.suite.target)
    causes: Counter[str] = Counter()
    clusters: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[dict[str, Any]]] = {}
    details: dict[tuple[str, str], str] = {}
    for outcome, diagnosis in diagnose_run(run, target):
        key = (diagnosis.cause, diagnosis.cluster)
        causes[diagnosis.cause] += 1
        clusters[key] += 1
        details.setdefault(key, diagnosis.detail)
        shown = examples.setdefault(key, [])
        if len(shown) < EXAMPLES:
            shown.append({"case": outcome.case_id, "query": outcome.case.query, "detail": diagnosis.detail})
    return [
        {
            "cause": cause,
            "title": target.causes[cause].title,
            "advice": target.causes[cause].advice,
            "cases": cases,
            "clusters": [
                {"cluster": key[1], "detail": details[key], "cases": number, "examples": examples[key]}
                for key, number in clusters.most_common()
                if key[0] == cause
            ][:CLUSTERS],
        }
        for cause, cases in causes.most_common()
    ]


def diagnose_run(run: Run, target: Target) -> Iterator[tuple[CaseOutcome, Diagnosis]]:
    failures = run.outcomes.failures().select_related("case").order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(failures, BATCH)):
        yield from zip(batch, target.diagnose([to_failure(outcome) for outcome in batch]), strict=True)


def diagnose_outcome(outcome: CaseOutcome) -> Diagnosis | None:
    """Why this one case failed, with what can be done from the page; None when it is right."""
    if outcome.right:
        return None
    [diagnosis] = get_target(outcome.run.suite.target).diagnose([to_failure(outcome)])
    return diagnosis


def fix_cause(*, outcome: CaseOutcome, name: str, values: dict[str, str], user_id: int | None) -> str:
    """Does what the page proposed; returns a sentence that says so. Raises InvalidInput naming the field."""
    if name == ACCEPT:
        return accept_got(case=outcome.case, answer=values.get("answer", ""), outcome=outcome, user_id=user_id)
    target = get_target(outcome.run.suite.target)
    return target.apply_fix(name, to_failure(outcome), values, user_id=user_id)


def accept_got(*, case: Case, answer: str, outcome: CaseOutcome, user_id: int | None) -> str:
    """Makes one of the answers that the run gave a right one."""
    titles = {got["id"]: got["title"] for got in outcome.got}
    if answer not in titles:
        raise InvalidInput({"answer": "is none of the answers that this run gave"})
    accept_answer(case=case, answer=answer, user_id=user_id)
    return f"{titles[answer]} is a right answer to this case now."


def to_failure(outcome: CaseOutcome) -> Failure:
    case = outcome.case
    question = Question(case.pk, case.query, case.input, case.expected, case.filters)
    return Failure(question, to_outcome(outcome))
