"""Who did what, when, from where, and what it was before: kept for good.

Rows of watched models note their changes by themselves (`watch`, which an app calls for its models when it starts).
What is no change of a row is written with `record`. Work on many rows runs `quietly`, and has one entry for all.
"""

from apps.core.audit.recording import quietly, record, watch
from apps.core.audit.source import acting

__all__ = ["acting", "quietly", "record", "watch"]
