"""Finding runs."""

from apps.core.errors import InvalidInput
from apps.evaluations.models import Run


def get_run(number: str, *, field: str = "run") -> Run:
    """By its number; InvalidInput naming `field` when there is none."""
    known = Run.objects.defer("plan").select_related("suite__baseline", "schedule", "baseline", "report")
    plain = number.isascii() and number.isdigit() and len(number) < 19
    run = known.filter(pk=int(number)).first() if plain else None
    if run is None:
        raise InvalidInput({field: "there is no such run"})
    return run
