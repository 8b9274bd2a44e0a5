"""Runs, reports and schedules over the API."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core.jobs.services import run_job
from apps.core.secrets.fields import ENTER_AGAIN
from apps.core.secrets.keys import make_key
from apps.evaluations.models import Run, RunState, Schedule, Verdict
from apps.evaluations.services import running
from apps.users.roles import Role
from tests.api import client_of, fault
from tests.evaluations import targets
from tests.evaluations.factories import (
    CaseFactory,
    CaseOutcomeFactory,
    ReportFactory,
    RunFactory,
    ScheduleFactory,
    SuiteFactory,
)
from tests.evaluations.test_api import SUITES, ids

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

RUNS = "/api/v1/runs/"
SCHEDULES = "/api/v1/schedules/"
DATA = {"suite": {"name": "s"}, "run": {"id": 1}, "verdict": "worse", "reasons": ["It is worse."]}


class TestList:
    def test_newest_first_with_verdicts(self) -> None:
        suite = SuiteFactory()
        old = RunFactory(suite=suite, summary={"accuracy": 0.5})
        new = ReportFactory(run__suite=suite, run__baseline=old, run__note="n", verdict=Verdict.WORSE).run
        RunFactory()
        client = client_of(Role.VIEWER)
        rows = client.get(f"{SUITES}{suite.pk}/runs/").json()["results"]
        assert [row["id"] for row in rows] == [new.pk, old.pk]
        first = {"verdict": "worse", "needs_acknowledgement": True, "baseline": old.pk, "note": "n", "accuracy": None}
        assert rows[0] | first == rows[0]
        second = {"verdict": None, "needs_acknowledgement": False, "accuracy": 0.5, "seconds": 10.0}
        assert rows[1] | second == rows[1]
        assert not {"pinned", "summary", "plan"} & set(rows[0])
        assert ids(client.get(f"{SUITES}{suite.pk}/runs/?verdict=worse")) == [new.pk]
        assert ids(client.get(f"{SUITES}{suite.pk}/runs/?state=running")) == []
        assert fault(client.get(f"{SUITES}{suite.pk}/runs/?verdict=bad")) == "verdict"

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client, suite = client_of(), SuiteFactory()
        for number in (1, 10):
            ReportFactory.create_batch(number, run__suite=suite, run__created_by=client.user)
            client.get(f"{SUITES}{suite.pk}/runs/")
            with django_assert_num_queries(4):  # user, suite, count, rows with reports and starters
                client.get(f"{SUITES}{suite.pk}/runs/")


class TestStart:
    def test_answers_with_the_run(self) -> None:
        case = CaseFactory()
        baseline, client = RunFactory(suite=case.suite), client_of()
        path = f"{SUITES}{case.suite_id}/runs/"
        response = client.post(path, {"baseline": baseline.pk, "note": "why"}, format="json")
        assert response.status_code == 202
        run = Run.objects.get(state=RunState.QUEUED)
        assert response["Location"].endswith(f"{RUNS}{run.pk}/")
        assert (run.baseline, run.note, run.created_by) == (baseline, "why", client.user)
        shown = response.json()
        assert shown | {"state": "queued", "done": 0, "total": 1, "percent": 0, "summary": {}} == shown
        assert shown["pinned"]["fake_digest"] == "1"
        assert client.get(response["Location"]).json() | {"seconds": 0} == shown | {"seconds": 0}
        assert client.post(path, {"baseline": None}, format="json").status_code == 202
        assert client.post(path).status_code == 202

    @pytest.mark.parametrize("baseline", [999_999, 10**30, 0, "x"])
    def test_a_baseline_that_is_none(self, baseline: Any) -> None:
        path = f"{SUITES}{CaseFactory().suite_id}/runs/"
        assert fault(client_of().post(path, {"baseline": baseline}, format="json")) == "baseline"
        assert not Run.objects.exists()

    def test_what_cannot_be_run(self) -> None:
        client, suite = client_of(), SuiteFactory()
        assert fault(client.post(f"{SUITES}{suite.pk}/runs/", {}, format="json")) == "suite"
        other = {"baseline": RunFactory().pk}
        assert fault(client.post(f"{SUITES}{CaseFactory().suite_id}/runs/", other, format="json")) == "baseline"
        assert fault(client.post(f"{SUITES}{suite.pk}/runs/", {"note": "x" * 301}, format="json")) == "note"
        assert client_of(Role.VIEWER).post(f"{SUITES}{suite.pk}/runs/").status_code == 403

    def test_sent_twice_under_a_key_one_is_started(self) -> None:
        case, client = CaseFactory(), client_of()
        path, headers = f"{SUITES}{case.suite_id}/runs/", {"Idempotency-Key": "k"}
        answers = [client.post(path, {"note": "n"}, format="json", headers=headers) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert Run.objects.count() == 1


class TestRun:
    def test_whole(self) -> None:
        run = ReportFactory(run__summary={"accuracy": 0.75}, verdict=Verdict.BETTER).run
        shown = client_of(Role.VIEWER).get(f"{RUNS}{run.pk}/").json()
        wanted = {"verdict": "better", "summary": {"accuracy": 0.75}, "accuracy": 0.75, "pinned": run.pinned}
        assert shown | wanted | {"acknowledged_by": None, "comment": ""} == shown

    def test_the_figures_of_the_cases_done_so_far(self, settings: Any) -> None:
        settings.SWEEP_CHUNK_CASES = 1
        suite = CaseFactory.create_batch(2, suite=SuiteFactory(), input={"right": True})[0].suite
        run = running.start_run(suite=suite)
        run_job(running.jobs_of(run).order_by("pk")[0].pk)
        found = client_of(Role.VIEWER).get(f"{RUNS}{run.pk}/").json()
        assert (found["state"], found["estimate"]["accuracy"]) == ("running", 1.0)
        assert set(found["estimate"]) == {
            "cases", "accuracy", "accuracy_interval", "answered", "failed", "latency_ms", "cases_per_second",
        }  # fmt: skip

    def test_cancelled_once(self) -> None:
        run = RunFactory(state=RunState.RUNNING)
        client = client_of()
        assert client.post(f"{RUNS}{run.pk}/cancel/").json()["state"] == "cancelled"
        again = client.post(f"{RUNS}{run.pk}/cancel/")
        assert (again.status_code, again.json()["code"]) == (409, "run_over")

    def test_pinned_and_not_any_more(self) -> None:
        run, client = RunFactory(), client_of()
        assert client.post(f"{RUNS}{run.pk}/pin/").status_code == 200
        run.suite.refresh_from_db()
        assert run.suite.baseline == run
        other = RunFactory(suite=run.suite)
        assert client.delete(f"{RUNS}{other.pk}/pin/").status_code == 200
        run.suite.refresh_from_db()
        assert run.suite.baseline == run
        assert client.delete(f"{RUNS}{run.pk}/pin/").status_code == 200
        run.suite.refresh_from_db()
        assert run.suite.baseline is None
        assert fault(client.post(f"{RUNS}{RunFactory(state=RunState.FAILED).pk}/pin/")) == "baseline"

    def test_acknowledged_once(self) -> None:
        run, client = ReportFactory(verdict=Verdict.WORSE).run, client_of()
        path = f"{RUNS}{run.pk}/acknowledge/"
        assert fault(client.post(path, {"comment": ""}, format="json")) == "comment"
        assert fault(client.post(path, {"comment": "  "}, format="json")) == "comment"
        body = client.post(path, {"comment": "The index was stale."}, format="json").json()
        assert body | {"run": run.pk, "acknowledged_by": client.user.email, "comment": "The index was stale."} == body
        assert client.post(path, {"comment": "x"}, format="json").status_code == 409
        shown = client.get(f"{RUNS}{run.pk}/").json()
        assert (shown["needs_acknowledgement"], shown["comment"]) == (False, "The index was stale.")
        unreported = RunFactory(state=RunState.RUNNING)
        assert client.post(f"{RUNS}{unreported.pk}/acknowledge/", {"comment": "x"}, format="json").status_code == 404
        assert client_of(Role.VIEWER).post(path, {"comment": "x"}, format="json").status_code == 403

    @pytest.mark.parametrize(
        ("form", "media_type", "text"),
        [
            ("", "application/json", '"verdict"'),
            ("?form=json", "application/json", '"verdict"'),
            ("?form=html", "text/html", "<!doctype html"),
            ("?form=md", "text/markdown", "It is worse."),
            ("?form=csv", "text/csv", ","),
            ("?form=xml", "application/xml", "<testsuite"),
        ],
    )
    def test_its_report_in_every_form(self, form: str, media_type: str, text: str) -> None:
        run = ReportFactory(verdict=Verdict.WORSE, data=DATA).run
        response = client_of(Role.VIEWER).get(f"{RUNS}{run.pk}/report/{form}")
        assert response.status_code == 200
        assert response["Content-Type"].startswith(media_type)
        assert response["Content-Disposition"].startswith('attachment; filename="s-run-1.')
        assert text in response.content.decode()

    def test_a_report_that_there_is_not(self) -> None:
        client = client_of()
        assert client.get(f"{RUNS}{RunFactory(state=RunState.RUNNING).pk}/report/").status_code == 404
        assert fault(client.get(f"{RUNS}{ReportFactory(data=DATA).run.pk}/report/?form=pdf")) == "form"

    def test_compared_with_another(self) -> None:
        suite = SuiteFactory()
        old, new = RunFactory(suite=suite, done=3), RunFactory(suite=suite, done=3)
        for number, case in enumerate(CaseFactory.create_batch(3, suite=suite)):
            CaseOutcomeFactory(run=old, case=case)
            CaseOutcomeFactory(run=new, case=case, right=number > 0)
        client = client_of(Role.VIEWER)
        body = client.get(f"{RUNS}{new.pk}/compare/?baseline={old.pk}").json()
        assert body["verdict"] in Verdict.values
        assert body["flips"] | {"newly_wrong": 1, "newly_right": 0} == body["flips"]
        assert body["comparison"]["pairs"] == 3
        for baseline in (new.pk, RunFactory(done=1).pk, 999_999, "x", 10**30):
            assert fault(client.get(f"{RUNS}{new.pk}/compare/?baseline={baseline}")) == "baseline"
        assert fault(client.get(f"{RUNS}{new.pk}/compare/")) == "baseline"


class TestOutcomes:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["a", "b"]),
            ("right=true", ["a"]),
            ("right=false", ["b"]),
            ("tier=rules", ["a"]),
            ("language=go", ["b"]),
            ("made_by=typo", ["b"]),
            ("q=SORT", ["b"]),
            ("q=a", ["a"]),
        ],
    )
    def test_filters(self, query: str, found: list[str]) -> None:
        run = RunFactory()
        case = CaseFactory(suite=run.suite, external_id="b", query="sort", made_by="typo")
        CaseOutcomeFactory(run=run, case__external_id="a", case__query="lines")
        CaseOutcomeFactory(run=run, case=case, right=False, tier="lexical", labels={"language": "go"})
        CaseOutcomeFactory()
        rows = client_of(Role.VIEWER).get(f"{RUNS}{run.pk}/outcomes/?{query}").json()["results"]
        assert sorted(row["case_id"] for row in rows) == found

    @pytest.mark.parametrize(("query", "field"), [("right=maybe", "right"), ("tier=%00", "tier"), ("flip=1", "flip")])
    def test_what_cannot_be_asked_is_named(self, query: str, field: str) -> None:
        assert fault(client_of().get(f"{RUNS}{RunFactory().pk}/outcomes/?{query}")) == field

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client, run = client_of(), RunFactory()
        for number in (1, 20):
            CaseOutcomeFactory.create_batch(number, run=run)
            client.get(f"{RUNS}{run.pk}/outcomes/")
            with django_assert_num_queries(4):  # user, run, count, rows with their cases
                client.get(f"{RUNS}{run.pk}/outcomes/?right=true&tier=rules")


class TestSchedules:
    def test_added_changed_and_deleted(self) -> None:
        client, suite = client_of(), SuiteFactory()
        body = {"suite": suite.pk, "words": "every night at 2", "emails": ["a@example.com"]}
        hook = {"webhook_url": "https://93.184.216.34/hook", "webhook_secret": "s3cret"}
        response = client.post(SCHEDULES, {**body, **hook}, format="json")
        assert response.status_code == 201, response.json()
        shown = response.json()
        wanted = {**body, "webhook_url": hook["webhook_url"], "has_secret": True, "enabled": True, "missed": False}
        assert shown | wanted == shown
        assert "s3cret" not in response.content.decode()
        address = response["Location"].removeprefix("http://testserver")
        changed = client.patch(address, {"enabled": False, "words": "every Monday at 6:30"}, format="json").json()
        assert (changed["enabled"], changed["words"], changed["emails"]) == (
            False,
            "every Monday at 6:30",
            body["emails"],
        )
        assert Schedule.objects.get().webhook_secret == "s3cret"
        assert client.get(address).json() == changed
        assert client.delete(address).status_code == 204
        assert client.get(address).status_code == 404

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"words": "now and then"}, "words"),
            ({"suite": 999_999}, "suite"),
            ({"emails": ["nobody"]}, "emails"),
            ({"emails": "a@example.com"}, "emails"),
            ({"compare_with": "yesterday"}, "compare_with"),
            ({"compare_with": "pinned"}, "compare_with"),
            ({"webhook_url": "ftp://example.com"}, "webhook_url"),
            ({"webhook_secret": "a b"}, "webhook_secret"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_made(self, change: dict[str, Any], field: str) -> None:
        body = {"suite": SuiteFactory().pk, "words": "every night at 2", **change}
        assert fault(client_of().post(SCHEDULES, body, format="json")).split(".")[0] == field
        assert not Schedule.objects.exists()

    def test_what_cannot_be_read_is_named_kept_and_entered_anew(self, settings: Any) -> None:
        client, schedule = client_of(), ScheduleFactory(webhook_url="https://93.184.216.34/a", webhook_secret="old")
        known, address = settings.SECRETS_KEYS, f"{SCHEDULES}{schedule.pk}/"
        settings.SECRETS_KEYS = [make_key()]
        shown = client.get(address).json()
        assert (shown["webhook_url"], shown["unreadable"]) == (ENTER_AGAIN, ["webhook_url", "webhook_secret"])
        assert client.get(SCHEDULES).json()["results"][0]["unreadable"] == shown["unreadable"]
        words = {"words": "every hour", "webhook_url": shown["webhook_url"]}
        assert client.patch(address, words, format="json").json()["words"] == "every hour"
        hook = {"webhook_url": "https://93.184.216.34/b"}
        assert fault(client.patch(address, hook, format="json")) == "webhook_secret"
        settings.SECRETS_KEYS = known
        assert client.get(address).json()["webhook_url"] == "https://93.184.216.34/a"
        settings.SECRETS_KEYS = [make_key()]
        shown = client.patch(address, {**hook, "webhook_secret": "new"}, format="json").json()
        assert (shown["webhook_url"], shown["unreadable"]) == (hook["webhook_url"], [])
        assert Schedule.objects.get().webhook_secret == "new"

    def test_listed_by_suite(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = client_of(Role.VIEWER)
        for number in (1, 5):
            schedules = [ScheduleFactory() for _ in range(number)]
            client.get(SCHEDULES)
            with django_assert_num_queries(5):  # user, count, keys, all schedules, their last runs
                client.get(SCHEDULES)
        run = RunFactory(suite=schedules[0].suite, schedule=schedules[0])
        [row] = client.get(f"{SCHEDULES}?suite={schedules[0].suite_id}").json()["results"]
        assert (row["id"], row["last_run"]) == (schedules[0].pk, run.pk)
        assert fault(client.get(f"{SCHEDULES}?suite=999999")) == "suite"


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("get", RUNS, Role.VIEWER),
        ("post", "{run}cancel/", Role.VIEWER),
        ("post", "{run}pin/", Role.VIEWER),
        ("delete", "{run}pin/", Role.VIEWER),
        ("post", SCHEDULES, Role.VIEWER),
        ("delete", "{schedule}", Role.VIEWER),
    ],
)
def test_who_may_not(method: str, path: str, role: Role) -> None:
    addresses = {"run": f"{RUNS}{RunFactory().pk}/", "schedule": f"{SCHEDULES}{ScheduleFactory().pk}/"}
    response = getattr(client_of(role), method)(path.format(**addresses))
    assert response.status_code == (404 if path == RUNS else 403)


def test_a_targets_state_is_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(targets.STATE, "fake_digest", "2")
    case = CaseFactory()
    shown = client_of().post(f"{SUITES}{case.suite_id}/runs/").json()
    assert shown["pinned"]["fake_digest"] == "2"
