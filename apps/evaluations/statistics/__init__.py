"""Paired comparison of two runs, and the verdict on it. Needs numpy and scipy; import it where it is used."""

from apps.evaluations.statistics.compare import compare_pairs
from apps.evaluations.statistics.comparison import Comparison, SliceDifference
from apps.evaluations.statistics.differences import Difference
from apps.evaluations.statistics.pairs import PairedColumns
from apps.evaluations.statistics.verdict import Moved, Verdict

__all__ = ["Comparison", "Difference", "Moved", "PairedColumns", "SliceDifference", "Verdict", "compare_pairs"]
