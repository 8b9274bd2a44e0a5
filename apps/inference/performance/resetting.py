"""The mark from which figures "since the last reset" count. Nothing is deleted by it."""

from datetime import datetime
from typing import Any

from apps.core.audit import record
from apps.core.live import announce
from apps.inference.models import PerformanceReset


def reset_performance(*, by: Any) -> datetime:
    """Noted in the audit log. Returns the moment from which it counts."""
    reset = PerformanceReset.objects.create(by=by)
    record("performance.reset", actor=by, subject="figures of models")
    announce("inference")
    return reset.at
