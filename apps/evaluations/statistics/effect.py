"""How large a difference is, apart from how sure."""

import numpy as np

from apps.evaluations.statistics.clusters import Floats


def cohens_dz(differences: Floats) -> float | None:
    """The mean paired difference over its standard deviation (Cohen, 1988, section 2.3.5). None without spread."""
    if len(differences) < 2 or np.ptp(differences) == 0:
        return None
    return float(differences.mean() / differences.std(ddof=1))


def cohens_g(newly_right: int, newly_wrong: int) -> float | None:
    """How far the share of newly right cases among the discordant ones is from a half (Cohen, 1988, chapter 4).

    0.05 is small, 0.15 medium, 0.25 large; negative when more cases are newly wrong. None without discordant pairs.
    """
    discordant = newly_right + newly_wrong
    return newly_right / discordant - 0.5 if discordant else None


def odds_ratio(newly_right: int, newly_wrong: int) -> float | None:
    """The conditional odds ratio of matched pairs, newly right to newly wrong. None when none is newly wrong."""
    return newly_right / newly_wrong if newly_wrong else None


def count_discordant(before: Floats, after: Floats) -> tuple[int, int]:
    """How many pairs are newly right and how many newly wrong."""
    return int((after > before).sum()), int((after < before).sum())
