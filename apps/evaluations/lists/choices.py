"""What filters of several lists offer."""

from apps.core.tables import Table
from apps.core.tables.filters import Choices
from apps.core.targets.registry import get_target, known_targets
from apps.evaluations.models import Suite


def list_suites(table: Table) -> Choices:
    return [(str(pk), name) for pk, name in Suite.objects.order_by("name").values_list("pk", "name")]


def list_targets(table: Table) -> Choices:
    return [(name, get_target(name).title) for name in known_targets()]


def read_number(text: str) -> int | None:
    """The key in `#12` or `12`; None in anything else."""
    digits = text.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
