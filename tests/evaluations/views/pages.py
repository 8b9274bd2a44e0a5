"""How the tests of pages ask and read them."""

import re

from django.test import Client
from django.urls import reverse

from apps.evaluations.models import Report, Run
from apps.evaluations.services import finishing
from apps.users.roles import Role
from tests.evaluations.factories import (
    ReportFactory,
)
from tests.users.factories import UserFactory


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def part(name: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": name}


def address(name: str, *args: object) -> str:
    return reverse(f"evaluations:{name}", args=args)


def finish(run: Run, baseline: Run | None) -> Report:
    """What the end of a run writes."""
    run.summary = finishing.summarise_run(run)
    run.baseline, run.done, run.total = baseline, run.outcomes.count(), run.outcomes.count()
    run.save()
    data = finishing.build_report(run, baseline)
    data["causes"] = finishing.find_causes(run)
    return ReportFactory(run=run, baseline=baseline, verdict=data["verdict"], data=data)
