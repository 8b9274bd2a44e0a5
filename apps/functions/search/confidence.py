"""How likely it is that the first result is right: a calibrated probability, so that tiers can be compared.

Logistic regression (Platt, "Probabilistic Outputs for Support Vector Machines", 1999, used on ranking evidence) over
two features of the best results.
"""

import math
from dataclasses import dataclass

from apps.functions.search.names import looks_like_identifier
from apps.functions.search.tokens import split_identifier

ANSWER_THRESHOLD = 0.25
"""At or above it a search counts as answered: so are four in five web queries, and one in 25 that are off topic."""


LEAD_OVER = 10
"""The rank that the best result is compared with."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best results look like. `semantic` is the first one's cosine, None when only words were compared.

    `lead` is how far its score is above that of rank LEAD_OVER. What share of the query's words it has was tried too:
    beside these two it says nothing more.
    """

    semantic: float | None
    lead: float


@dataclass(frozen=True, slots=True)
class Logistic:
    """Coefficients of a logistic regression over the features of an Evidence."""

    intercept: float
    semantic: float
    lead: float


# Fitted by `python -m benchmarks.search_tuning confidence` to web queries and tasks over functions, and to utterances
# that have nothing to do with programming.
WITH_MEANING = Logistic(intercept=-4.97, semantic=4.35, lead=14.12)
BY_WORDS = Logistic(intercept=-2.07, semantic=0.0, lead=6.39)


def estimate_confidence(evidence: Evidence) -> float:
    """The probability, from 0 to 1, that the first result is what was asked for."""
    model = BY_WORDS if evidence.semantic is None else WITH_MEANING
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
