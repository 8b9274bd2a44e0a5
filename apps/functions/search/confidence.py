"""How likely it is that the first result is right: a calibrated probability, so that tiers can be compared.

Logistic regression (Platt, "Probabilistic Outputs for Support Vector Machines", 1999, used on ranking evidence) over
two features of the best results.
"""

import math
from dataclasses import dataclass

from apps.functions.search.names import looks_like_identifier
from apps.functions.search.tokens import split_identifier

ANSWER_THRESHOLD = 0.2
"""At or above it a search counts as answered: so are four in five web queries, and one in ten that are off topic."""

SURE_LEAD = 0.15
"""By words alone, a first result that tells the whole query is taken at once when it leads by so much."""

LEAD_OVER = 10
"""The rank that the best result is compared with."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best results look like. `semantic` is the first one's cosine, None when only words were compared.

    `lead` is how far its score is above that of rank LEAD_OVER; `complete` says that it is a curated function which
    tells the whole query. What share of the words it has was tried too: beside these it says nothing more.
    """

    semantic: float | None
    lead: float
    complete: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether words alone are enough: then the meaning would put the same function first."""
        return self.semantic is None and self.complete and self.lead >= SURE_LEAD


@dataclass(frozen=True, slots=True)
class Logistic:
    """Coefficients of a logistic regression over the features of an Evidence."""

    intercept: float
    semantic: float
    lead: float


# Fitted by `python -m benchmarks.search_tuning confidence` to web queries and tasks over functions, to generated cases,
# to these without the functions that answer them, and to utterances that have nothing to do with programming.
WITH_MEANING = Logistic(intercept=-4.95, semantic=4.23, lead=20.2)
BY_WORDS = Logistic(intercept=-2.26, semantic=0.0, lead=8.68)
SURE = Logistic(intercept=1.76, semantic=0.0, lead=1.74)


def estimate_confidence(evidence: Evidence) -> float:
    """The probability, from 0 to 1, that the first result is what was asked for."""
    model = SURE if evidence.is_sure else BY_WORDS if evidence.semantic is None else WITH_MEANING
    log_odds = model.intercept + model.semantic * (evidence.semantic or 0.0) + model.lead * evidence.lead
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


def confidence_of_name(query: str) -> float:
    """The probability that a query which is the name of a function asks for it.

    Text written as code writes names can hardly mean anything else; plain words are a name by chance the more easily
    the fewer they are.
    """
    if looks_like_identifier(query):
        return 0.97
    return 0.9 if len(split_identifier(query)) > 1 else 0.6
