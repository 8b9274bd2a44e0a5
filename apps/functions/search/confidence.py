"""How likely it is that the first result is right: a calibrated probability, so that tiers can be compared.

Logistic regression (Platt, "Probabilistic Outputs for Support Vector Machines", 1999, used on ranking evidence) over
a few features of the query and the best results.
"""

import math
from dataclasses import dataclass

from apps.functions.search.names import looks_like_identifier
from apps.functions.search.reranking import NEARLY_ALL
from apps.functions.search.tokens import split_identifier

ANSWER_THRESHOLD = 0.25
"""At or above it a search counts as answered. Over plain code a probability of one in four is worth an answer: where
several functions would do, the sets that it was fitted to name only one as right."""

SURE_LEAD = 0.15
"""By words alone, a first result that tells the whole query leads when it is above the others by so much."""

SURE_CONFIDENCE = 0.6
"""Then it is taken at once if it is right with at least this probability; else the meaning is asked."""

LEAD_OVER = 10
"""The rank that the best result is compared with."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best results look like. `semantic` is the first one's cosine, None when only words were compared.

    `lead` is how far its score is above that of rank LEAD_OVER. `told` and `alike` are the parts of the query that a
    curated function tells itself and in other words (see `search.reranking`): what is missing there says much, in a
    plain one it says nothing more than the other two. `lexical` is its share of the possible score by words: less
    where they are scattered over a long text. `worth` says how many words that no function has the query is worth.
    """

    semantic: float | None
    lead: float
    curated: bool = False
    told: float = 0.0
    alike: float = 0.0
    lexical: float = 0.0
    worth: float = 0.0

    @property
    def breadth(self) -> float:
        """From 0 towards 1 as the query says more: a function that does something else soon tells a word or two."""
        return self.worth / (self.worth + 1)

    @property
    def is_complete(self) -> bool:
        """Whether a curated function tells the whole query."""
        return self.curated and self.told + self.alike >= NEARLY_ALL

    @property
    def is_leading(self) -> bool:
        """Whether words alone put a curated function first that tells the whole query; meaning would do so too."""
        return self.semantic is None and self.is_complete and self.lead >= SURE_LEAD

    @property
    def is_sure(self) -> bool:
        """Whether words alone are enough."""
        return self.is_leading and estimate_confidence(self) >= SURE_CONFIDENCE


@dataclass(frozen=True, slots=True)
class Logistic:
    """Coefficients of a logistic regression over the features of an Evidence."""

    intercept: float
    semantic: float = 0.0
    lead: float = 0.0
    told: float = 0.0
    alike: float = 0.0
    lexical: float = 0.0
    breadth: float = 0.0


# Fitted by `python -m benchmarks.search_tuning confidence` to web queries and tasks over functions, to generated cases,
# to these without the functions that answer them, and to utterances that have nothing to do with programming.
WITH_MEANING = Logistic(intercept=-3.8, semantic=2.05, lead=27.94)
OF_CURATED = Logistic(intercept=-15.34, lead=13.37, told=2.69, alike=7.91, lexical=9.32, breadth=5.89)
BY_WORDS = Logistic(intercept=-2.39, lead=8.06)
LEADING = Logistic(intercept=-9.87, lead=1.0, lexical=5.87, breadth=13.54)


def estimate_confidence(evidence: Evidence) -> float:
    """The probability, from 0 to 1, that the first result is what was asked for."""
    model = choose_model(evidence)
    log_odds = model.intercept + model.semantic * (evidence.semantic or 0.0) + model.lead * evidence.lead
    log_odds += model.told * evidence.told + model.alike * evidence.alike
    log_odds += model.lexical * evidence.lexical + model.breadth * evidence.breadth
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


def choose_model(evidence: Evidence) -> Logistic:
    if evidence.semantic is None:
        return LEADING if evidence.is_leading else BY_WORDS
    return OF_CURATED if evidence.curated else WITH_MEANING


def confidence_of_name(query: str) -> float:
    """The probability that a query which is the name of a function asks for it.

    Text written as code writes names can hardly mean anything else; plain words are a name by chance the more easily
    the fewer they are.
    """
    if looks_like_identifier(query):
        return 0.97
    return 0.9 if len(split_identifier(query)) > 1 else 0.6
