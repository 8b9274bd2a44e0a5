"""Suites: making them, and settling what their owners call a difference."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.core.errors import InvalidInput
from apps.core.targets.registry import get_target
from apps.evaluations.models import Run, RunState, Suite

DEFAULT_TARGET = "functions.search"
SETTINGS = ("name", "description", "measure", "margin", "latency_margin")


def create_suite(*, name: str, target: str = DEFAULT_TARGET, user_id: int | None = None, **settings: Any) -> Suite:
    """Raises InvalidInput naming `name`, `target` or the setting at fault."""
    get_target(target)
    suite = Suite(name=" ".join(name.split()), target=target, created_by_id=user_id, **_known(settings))
    return _save(suite)


def update_suite(*, suite: Suite, changes: dict[str, Any]) -> Suite:
    """Raises InvalidInput naming the setting at fault. The target of a suite never changes."""
    for field, value in _known(changes).items():
        setattr(suite, field, value)
    return _save(suite)


def get_suite(name: str) -> Suite:
    """By its name, or its number; InvalidInput when there is none."""
    suite = Suite.objects.filter(name=name).first()
    if suite is None and name.isascii() and name.isdigit() and len(name) < 10:
        suite = Suite.objects.filter(pk=int(name)).first()
    if suite is None:
        raise InvalidInput({"suite": "there is no such suite"})
    return suite


def get_or_create_suite(*, name: str, target: str | None, user_id: int | None = None) -> Suite:
    """The suite of this name; a new one is for `target`. InvalidInput when the old one is for another."""
    suite = Suite.objects.filter(name=name).first()
    if suite is None:
        return create_suite(name=name, target=target or DEFAULT_TARGET, user_id=user_id)
    if target and suite.target != target:
        raise InvalidInput({"target": f"the suite is for {suite.target}"})
    return suite


def pin_baseline(*, suite: Suite, run: Run | None) -> Suite:
    """What later runs are compared with, whatever comes between; None takes the pin out."""
    if run is not None:
        check_baseline(suite, run)
    suite.baseline = run
    suite.save(update_fields=["baseline", "updated_at"])
    return suite


def check_baseline(suite: Suite, run: Run) -> None:
    """Raises InvalidInput unless runs of the suite can be compared with this one."""
    if run.suite_id != suite.pk or run.state != RunState.SUCCEEDED:
        raise InvalidInput({"baseline": "is no finished run of this suite"})
    if run.outcomes_pruned:
        raise InvalidInput({"baseline": "has no outcomes any more, see EVALUATION_KEEP_DAYS"})


def _known(settings: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise InvalidInput({unknown[0]: f"is no setting; known are {', '.join(SETTINGS)}"})
    return settings


def _save(suite: Suite) -> Suite:
    try:
        suite.full_clean(exclude=["baseline", "created_by"], validate_unique=False)
        with transaction.atomic():
            suite.save()
    except ValidationError as error:
        raise InvalidInput({field: " ".join(reasons) for field, reasons in error.message_dict.items()}) from error
    except IntegrityError as error:
        raise InvalidInput({"name": "is taken by another suite"}, code="taken") from error
    return suite
