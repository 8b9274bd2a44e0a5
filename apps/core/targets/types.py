"""The contract between a sweep and what it measures: cases in, one outcome a case out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as files, generators and pages bring it.

    `query` is a text that is asked; targets that take more than a text have `input`. `expected` is the target's own:
    for function search a list of function ids, any of which is right; an empty list says that nothing is to be found.
    `group` names cases that stand or fall together (variants of one question); `made_by` says how the case was made.
    """

    external_id: str
    query: str = ""
    input: Mapping[str, Any] = field(default_factory=dict)
    expected: Any = None
    filters: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    group: str = ""
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A case as a target is asked it."""

    id: int
    query: str
    input: Mapping[str, Any]
    expected: Any
    filters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question.

    `right` says whether the first answer is right; `rank` is the place of the first right one, from 1, where answers
    are ranked. `score` is how good the answer is, from 0 to 1; `confidence` how sure the system was, from 0 to 1.
    `latency_ms` is in milliseconds, `cost` in US dollars. `got` holds the answers, best first, each with its `id` and
    `title`; `trace` how they were reached. `labels` are further slices, such as {"language": "python"}. With an
    `error` the system failed: then nothing is right.
    """

    right: bool
    rank: int | None = None
    score: float = 0.0
    answered: bool = False
    confidence: float = 0.0
    tier: str = ""
    latency_ms: float = 0.0
    cost: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    got: Sequence[Mapping[str, Any]] = ()
    trace: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A question with its wrong outcome, as stored, for a diagnosis."""

    question: Question
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Fix:
    """Something a curator can do about a cause, from the page. `fields` are form fields: name, label and proposal."""

    name: str
    label: str
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why one case failed. `cause` is a key of the target's `causes`; `detail` names what is at fault in this case.

    Cases with equal `cause` and `cluster` fail for the same thing, such as the same missing synonym.
    """

    cause: str
    detail: str
    cluster: str = ""
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A kind of failure, in words, and what to do about it."""

    title: str
    advice: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as pages show it; `url` is empty where there is nothing to open."""

    title: str
    detail: str = ""
    url: str = ""


class Target(Protocol):
    """One thing that can be measured. Stateless: made anew where it is needed."""

    title: str
    causes: Mapping[str, Cause]

    def check_case(self, record: CaseRecord) -> dict[str, str]:
        """What is wrong with the case, by field; empty when it can be asked."""

    def pin_state(self) -> dict[str, str]:
        """What the answers depend on now, by name: digests, revisions, settings. Equal states give equal answers."""

    def make_ready(self) -> None:
        """Loads what answers come from, as far as processes that are forked afterwards can share it."""

    def answer(self, questions: Sequence[Question]) -> Iterator[Outcome]:
        """One outcome a question, in order. A question that fails is an outcome with an `error`."""

    def diagnose(self, failures: Sequence[Failure]) -> list[Diagnosis]:
        """One diagnosis a failure, in order."""

    def apply_fix(self, name: str, failure: Failure, values: Mapping[str, str], *, user_id: int | None) -> str:
        """Does what `Fix` proposed; returns a sentence that says so. Raises InvalidInput naming the field."""

    def explain_change(self, before: Outcome, after: Outcome) -> str:
        """What differs between how two runs came to their answers to one question, in a sentence; "" when nothing."""

    def show_answers(self, ids: Collection[Any]) -> dict[Any, Shown]:
        """Answers by id, for pages; ids that mean nothing any more are left out."""

    def find_answer(self, trace_id: str, *, user: Any) -> dict[str, Any] | None:
        """A recent answer by its trace: `query`, `filters`, `got` (as in Outcome) and `trace`.

        None when it is forgotten, or the user may not read it: questions are people's data.
        """

    def suggest_answers(self, text: str, filters: Mapping[str, str]) -> list[tuple[str, Shown]]:
        """Answers that a person looking for the right one may mean by `text`: their ids as `expected` has them."""

    def generate_cases(self, *, count: int, seed: int) -> Iterator[CaseRecord]:
        """Cases made from what the target answers from, the same for the same seed. InvalidInput where it cannot."""
