import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.evaluations.models import Case, CaseState, Run, Suite
from tests.evaluations.factories import (
    CaseFactory,
    ScheduleFactory,
)
from tests.evaluations.views.pages import address

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def everything(compared) -> dict[str, str]:
    """All pages by name."""
    run, suite = compared.run, compared.run.suite
    case = run.outcomes.get(case__query="question 0").case
    schedule = ScheduleFactory(suite=suite)
    return {
        "suites": f"{address('suites')}?peek={suite.pk}",
        "runs": f"{address('runs')}?peek={run.pk}&columns=note,baseline,rate,answered,took",
        "reports": f"{address('reports')}?peek={compared.pk}&columns=comment,baseline,right,changed",
        "new_suite": address("new_suite"),
        "suite": suite.get_absolute_url(),
        "settings": address("settings", suite.pk),
        "cases": f"{address('cases', suite.pk)}?peek={case.pk}&columns=group,id",
        "add_cases": address("add_cases", suite.pk),
        "case": case.get_absolute_url(),
        "run": f"{run.get_absolute_url()}?case={case.pk}",
        "drafts": address("drafts"),
        "schedules": f"{address('schedules')}?peek={schedule.pk}",
        "new_schedule": address("new_schedule"),
        "schedule": address("schedule", schedule.pk),
    }


class TestRights:
    FOR_CURATORS = ("new_suite", "settings", "add_cases", "drafts", "new_schedule", "schedule")

    def test_pages(self, everything, viewer, curator):
        for name, page in everything.items():
            may = name not in self.FOR_CURATORS
            assert viewer.get(page).status_code == (200 if may else 403), name
            assert curator.get(page).status_code == 200, name

    def test_what_changes_something(self, compared, viewer):
        run, suite, case = compared.run, compared.run.suite, compared.run.suite.cases.first()
        schedule = ScheduleFactory()
        for name, args in (("start_run", [suite.pk]), ("cancel_run", [run.pk]), ("run_again", [run.pk])):
            assert viewer.post(address(name, *args)).status_code == 403, name
        for name, args in (
            ("pin_baseline", [suite.pk]), ("import_cases", [suite.pk]), ("generate_cases", [suite.pk]),
            ("set_state", [case.pk]), ("case", [case.pk]), ("acknowledge", [run.pk]), ("fix_case", [run.pk, case.pk]),
            ("accept_draft", [case.pk]), ("dismiss_draft", [case.pk]), ("pause_schedule", [schedule.pk]),
            ("delete_schedule", [schedule.pk]),
        ):  # fmt: skip
            assert viewer.post(address(name, *args)).status_code == 403, name
        assert suite.runs.count() == 2

    def test_strangers_sign_in_first(self, everything):
        for page in everything.values():
            assert Client().get(page).url.startswith(reverse("account_login"))

    def test_there_is_no_such_thing(self, viewer):
        for name in ("suite", "case", "run"):
            assert viewer.get(address(name, 2**40)).status_code == 404


class TestHostile:
    @pytest.fixture(autouse=True)
    def _hostile(self, compared, monkeypatch):
        Suite.objects.update(name=HOSTILE, description=HOSTILE)
        Run.objects.update(note=HOSTILE, pinned={HOSTILE: HOSTILE}, error=HOSTILE)
        Case.objects.update(made_by=HOSTILE[:100], tags=[HOSTILE], group=HOSTILE, note=HOSTILE, filters={"x": HOSTILE})
        Case.objects.filter(query="question 0").update(expected=[HOSTILE])
        got = [{"id": HOSTILE, "title": HOSTILE, "language": HOSTILE, "score": 1}]
        steps = [{"tier": HOSTILE, "outcome": HOSTILE, "ms": 1.0, "confidence": 0.5, "reason": HOSTILE}]
        trace = {"steps": steps, "terms": {HOSTILE: [HOSTILE]}}
        for run in Run.objects.all():
            run.outcomes.update(got=got, trace=trace, labels={"language": HOSTILE}, tier=HOSTILE[:40])
        CaseFactory(suite=compared.run.suite, state=CaseState.DRAFT, query=HOSTILE, source={"got": got, "trace": trace})

    def test_no_page_believes_it_or_needs_more_than_the_policy_gives(self, everything, curator):
        for name, place in everything.items():
            page = curator.get(place)
            markup = page.content.decode()
            assert page.status_code == 200, name
            assert "<script>alert" not in markup, name
            assert "<img src=x" not in markup, name
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", markup), name
            assert not re.search(r"<script(?![^>]*\ssrc=)", markup), name
            assert "unsafe" not in page["Content-Security-Policy"]
