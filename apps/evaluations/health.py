"""Do scheduled sweeps start when they are due?"""

from django.db import DatabaseError

from apps.core.health import Unhealthy
from apps.evaluations.services.scheduling import describe_schedules


def check_schedules() -> str:
    try:
        statuses = describe_schedules()
    except DatabaseError as error:
        raise Unhealthy("cannot be told: the database does not answer") from error
    missed = [status for status in statuses if status.missed]
    if missed:
        names = "; ".join(f"{status.schedule.suite.name}, {status.words}" for status in missed[:5])
        raise Unhealthy(f"{len(missed)} overdue: {names}")
    enabled = sum(status.enabled for status in statuses)
    return f"{enabled} on time" if enabled else "none"
