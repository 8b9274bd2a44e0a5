"""Files of cases into a suite, all of them or none."""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from apps.core.errors import InvalidInput
from apps.core.targets.registry import get_target
from apps.core.targets.types import CaseRecord
from apps.evaluations.models import CaseOrigin, Suite
from apps.evaluations.reading import FORMS, CaseProblem, ReadCase, read_cases
from apps.evaluations.services.cases import find_errors, make_id, store_cases
from apps.evaluations.services.suites import get_or_create_suite

SHOWN = 20
BATCH = 1000


@dataclass(slots=True)
class Reading:
    """What a file came to so far: its problems, and every right answer that it names."""

    problems: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    answers: set[str] = field(default_factory=set)

    def add_problem(self, problem: CaseProblem) -> None:
        self.problems += 1
        if len(self.errors) < SHOWN:
            place = f"{problem.location}: {problem.field}" if problem.field else problem.location
            self.errors[place] = problem.reason

    def raise_problems(self) -> None:
        """Raises InvalidInput naming the first problems and how many more there are."""
        if not self.problems:
            return
        more = self.problems - len(self.errors)
        raise InvalidInput({**self.errors, **({"file": f"has {more:,} more problems"} if more else {})})


def import_cases(
    *,
    suite_name: str,
    path: Path | None = None,
    stream: BinaryIO | None = None,
    form: str | None = None,
    target: str | None = None,
    user_id: int | None = None,
) -> dict[str, Any]:
    """The cases of a file, or of what is left of an open one, into the suite; one that is not there is made.

    `form` is "jsonl" or "csv", by the path's ending when it is not given. Raises InvalidInput naming the lines and
    fields at fault; then nothing has changed, and no suite was made.
    """
    started = time.monotonic()
    form = find_form(path.name) if path and form is None else check_form(form or "")
    reading = Reading()
    with open_file(path) if path else nullcontext(stream) as file, transaction.atomic():
        if file is None:
            raise InvalidInput({"file": "is missing"})
        suite = get_or_create_suite(name=suite_name, target=target, user_id=user_id)
        records = check_cases(suite, read_cases(file, form), reading)
        stored = store_cases(suite=suite, records=records, origin=CaseOrigin.FILE, user_id=user_id)
        reading.raise_problems()
        if not stored.created + stored.changed + stored.unchanged:
            raise InvalidInput({"file": "has no cases"})
    return {
        "suite": suite.name,
        **stored.as_dict(),
        "unknown_answers": count_unknown(suite, reading.answers),
        "seconds": round(time.monotonic() - started, 2),
    }


def find_form(name: str) -> str:
    """The form of a file by its name. Raises InvalidInput for any other than those of `FORMS`."""
    form = FORMS.get(Path(name).suffix.lower())
    if form is None:
        raise InvalidInput({"file": f"is called {name!r}; case files end in {', '.join(FORMS)}"})
    return form


def check_form(form: str) -> str:
    if form not in FORMS.values():
        raise InvalidInput({"form": f"is none of {', '.join(dict.fromkeys(FORMS.values()))}"})
    return form


def open_file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput({"file": f"{path.name} cannot be read: {reason}"}) from error


def check_cases(suite: Suite, items: Iterator[ReadCase | CaseProblem], reading: Reading) -> Iterator[CaseRecord]:
    """The cases as long as there is no problem. After the first one the rest is read for its problems alone."""
    lines_of_ids: dict[str, int] = {}
    for item in items:
        if isinstance(item, CaseProblem):
            reading.add_problem(item)
            continue
        errors, record = find_errors(suite, item.record), item.record
        if not errors:
            record = replace(record, external_id=record.external_id or make_id(record))
            first = lines_of_ids.setdefault(record.external_id, item.line)
            if first != item.line:
                errors["id"] = f"is missing, and line {first} asks the same: give both an id of their own"
        for name, reason in errors.items():
            reading.add_problem(CaseProblem(f"line {item.line}", name, reason))
        if not reading.problems:
            if isinstance(record.expected, list):
                reading.answers.update(answer for answer in record.expected if isinstance(answer, str))
            yield record


def count_unknown(suite: Suite, answers: set[str]) -> int:
    """How many of the right answers mean nothing to the target, as a misspelt id does."""
    target, ordered = get_target(suite.target), sorted(answers)
    batches = (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))
    return sum(len(batch) - len(target.show_answers(batch)) for batch in batches)
