"""How often a hit was false, as far as hits that were answered again tell, and the threshold that follows from it."""

from dataclasses import dataclass, replace

from scipy.special import betaincinv

CONFIDENCE = 0.95
LEAST_THRESHOLD, MOST_THRESHOLD = 0.5, 0.995
"""Between them thresholds are moved."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Hits that were recomputed, and those of them whose stored answer was not the one to give."""

    hits: int = 0
    false: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.false <= self.hits:
            raise ValueError(f"{self.false} false ones among {self.hits} hits")

    def __add__(self, other: "Checked") -> "Checked":
        return Checked(self.hits + other.hits, self.false + other.false)

    @property
    def rate(self) -> float:
        """The share of false hits; 0 where none was checked."""
        return self.false / self.hits if self.hits else 0.0

    @property
    def upper_bound(self) -> float:
        """The rate is at most this with 95 % confidence (one-sided).

        Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
        Biometrika 26 (1934): the 95 % quantile of Beta(false + 1, hits - false). 1 where all were false or none was
        checked.
        """
        if self.false == self.hits:
            return 1.0
        return float(betaincinv(self.false + 1, self.hits - self.false, CONFIDENCE))

    @property
    def lower_bound(self) -> float:
        """The rate is at least this with 95 % confidence, by the same source."""
        if not self.false:
            return 0.0
        return float(betaincinv(self.false, self.hits - self.false + 1, 1 - CONFIDENCE))


@dataclass(frozen=True, slots=True)
class Rule:
    """When the threshold moves.

    `target`: the rate of false hits that is borne. A breach needs `fewest` checked hits, a rate above the target, and
    enough doubt: a lower bound above `target * certain`, so that one bad hit among many moves nothing. The threshold
    loosens only after `fewest_to_loosen` checked hits whose upper bound is below `target * calm`, and never below
    `least`. Between the two it stays. After each move counting begins anew: hits of another threshold tell nothing.
    """

    target: float = 0.05
    fewest: int = 20
    fewest_to_loosen: int = 200
    certain: float = 0.5
    calm: float = 0.8
    tighten_by: float = 0.25
    loosen_by: float = 0.1
    least: float = LEAST_THRESHOLD
    most: float = MOST_THRESHOLD

    def __post_init__(self) -> None:
        if not 0 < self.target < 1 or not 0 < self.least <= self.most < 1:
            raise ValueError("a target and thresholds lie between 0 and 1")
        if not 0 < self.calm < 1 or not 0 < self.tighten_by < 1 or not 0 < self.loosen_by < 1:
            raise ValueError("calm and the two steps lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Watch:
    """A threshold (a probability), what was checked since it last moved, and how often it moved either way."""

    threshold: float
    checked: Checked = Checked()
    tightened: int = 0
    loosened: int = 0


def is_breach(checked: Checked, rule: Rule) -> bool:
    enough = checked.hits >= rule.fewest and checked.rate > rule.target
    return enough and checked.lower_bound > rule.target * rule.certain


def is_calm(checked: Checked, rule: Rule) -> bool:
    return checked.hits >= rule.fewest_to_loosen and checked.upper_bound < rule.target * rule.calm


def observe(watch: Watch, seen: Checked, rule: Rule) -> Watch:
    """The watch after more hits were checked.

    A breach takes away `tighten_by` of the threshold's distance to 1; calm gives `loosen_by` of it back.
    """
    checked = watch.checked + seen
    if is_breach(checked, rule) and watch.threshold < rule.most:
        tighter = min(rule.most, 1 - (1 - watch.threshold) * (1 - rule.tighten_by))
        return Watch(tighter, tightened=watch.tightened + 1, loosened=watch.loosened)
    if is_calm(checked, rule) and watch.threshold > rule.least:
        looser = max(rule.least, 1 - (1 - watch.threshold) / (1 - rule.loosen_by))
        return Watch(looser, tightened=watch.tightened, loosened=watch.loosened + 1)
    return replace(watch, checked=checked)
