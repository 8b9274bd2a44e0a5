"""Suites, cases and schedules in the back office."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.core.secrets.keys import make_key
from apps.evaluations.models import Case, CaseOrigin, CaseState, Run, Schedule, Suite
from apps.users.models import User
from apps.users.roles import Role
from tests.evaluations.factories import CaseFactory, ReportFactory, RunFactory, ScheduleFactory, SuiteFactory
from tests.evaluations.targets import NAME
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ADMIN = "/admin/evaluations/"
SUITES, CASES, SCHEDULES = f"{ADMIN}suite/", f"{ADMIN}case/", f"{ADMIN}schedule/"


@pytest.fixture(autouse=True)
def curator(client: Client) -> User:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


def rows(response: Any) -> list[Any]:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def act(client: Client, path: str, action: str, chosen: list[Any], **data: Any) -> str:
    keys = [one.pk for one in chosen]
    response = client.post(path, {"action": action, "_selected_action": keys, **data}, follow=True)
    page: str = response.content.decode()
    return page


def fields_of(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back: the form's fields as they are shown, with some changed."""
    form = client.get(path).context["adminform"].form
    values = {name: value for name in form.fields if (value := form[name].value()) is not None}
    return {**values, "revisions-TOTAL_FORMS": 0, "revisions-INITIAL_FORMS": 0, **changes}


def errors(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    found: dict[str, Any] = response.context["adminform"].form.errors
    return found


class TestSuites:
    def test_list_with_counts(self, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for number in (1, 10):
            for _ in range(number):
                suite = CaseFactory().suite
                CaseFactory(suite=suite, state=CaseState.DRAFT)
            client.get(SUITES)
            with django_assert_num_queries(4):  # user, targets to filter by, count, rows with their counts
                shown = rows(client.get(SUITES))
        assert len(shown) == 11
        assert {(row.active_cases, row.draft_cases) for row in shown} == {(1, 1)}
        assert rows(client.get(f"{SUITES}?q={suite.name}")) == [suite]

    def test_made_and_changed(self, client: Client, curator: User) -> None:
        body = {"name": " A  suite ", "target": NAME, "description": "", "measure": "accuracy", "margin": "0.02"}
        assert client.post(f"{SUITES}add/", body).status_code == 302
        suite = Suite.objects.get()
        assert (suite.name, suite.target, suite.margin, suite.created_by) == ("A suite", NAME, 0.02, curator)
        path = f"{SUITES}{suite.pk}/change/"
        assert client.post(path, fields_of(client, path, measure="mrr_at_10", target="other")).status_code == 302
        suite.refresh_from_db()
        assert (suite.measure, suite.target, suite.name) == ("mrr_at_10", NAME, "A suite")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "taken"}, "name"),
            ({"margin": "0.9"}, "margin"),
            ({"latency_margin": "0"}, "latency_margin"),
            ({"target": "none"}, "target"),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(self, client: Client, change: dict[str, str], field: str) -> None:
        SuiteFactory(name="taken")
        body = {"name": "new", "target": NAME, "measure": "accuracy", "margin": "0.02", **change}
        assert list(errors(client.post(f"{SUITES}add/", body))) == [field]
        assert Suite.objects.count() == 1

    def test_swept(self, client: Client, curator: User) -> None:
        full, empty = CaseFactory().suite, SuiteFactory()
        page = act(client, SUITES, "start_sweep", [full, empty])
        run = Run.objects.get()
        assert (run.suite, run.created_by) == (full, curator)
        assert f"as run {run.pk}" in page
        assert "has no active cases" in page

    def test_only_an_empty_one_is_deleted(self, client: Client) -> None:
        full, empty = CaseFactory().suite, SuiteFactory()
        assert client.post(f"{SUITES}{full.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"{SUITES}{empty.pk}/delete/", {"post": "yes"}).status_code == 302
        assert list(Suite.objects.all()) == [full]
        act(client, SUITES, "delete_selected", [full], post="yes")
        assert Suite.objects.exists()


class TestCases:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("state__exact=draft", ["b"]),
            ("origin__exact=feedback", ["b"]),
            ("made_by=typo", ["a"]),
            ("suite__id__exact={suite}", ["a"]),
            ("q=LINES", ["a"]),
            ("q=b", ["b"]),
        ],
    )
    def test_filters_and_search(self, client: Client, query: str, found: list[str]) -> None:
        first = CaseFactory(external_id="a", query="count lines", made_by="typo")
        CaseFactory(external_id="b", query="sort", state=CaseState.DRAFT, origin=CaseOrigin.FEEDBACK)
        shown = rows(client.get(f"{CASES}?{query.format(suite=first.suite_id)}"))
        assert [case.external_id for case in shown] == found

    def test_costs_as_many_queries_for_many_as_for_one(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in (1, 20):
            CaseFactory.create_batch(number)
            client.get(CASES)
            with django_assert_num_queries(4):  # user, ways of making, count, rows with their suites
                client.get(CASES)

    def test_an_edit_keeps_what_was(self, client: Client, curator: User) -> None:
        case = CaseFactory(expected=["a", "b"], filters={"language": "go"}, tags=["x"], note="n")
        path = f"{CASES}{case.pk}/change/"
        changes = {"expected": "a\r\nlib/c", "filters": "language: rust\r\nlibrary: lib", "tags": "x, y"}
        assert client.post(path, fields_of(client, path, **changes)).status_code == 302
        case.refresh_from_db()
        assert (case.expected, case.tags, case.version) == (["a", "lib/c"], ["x", "y"], 2)
        assert case.filters == {"language": "rust", "library": "lib"}
        revision = case.revisions.get()
        assert (revision.data["expected"], revision.changed_by) == (["a", "b"], curator)
        assert "history" in client.get(path).content.decode()

    def test_saving_what_is_there_changes_nothing(self, client: Client) -> None:
        case = CaseFactory(
            query="  two\nlines ",
            expected=["a"],
            filters={"language": "go"},
            tags=["x"],
            note="a\nb",
            input={"right": False, "got": [{"id": "ü"}]},
            origin=CaseOrigin.FEEDBACK,
            source={"trace_id": "t1", "reports": []},
        )
        path = f"{CASES}{case.pk}/change/"
        assert "t1" in client.get(path).content.decode()
        data = fields_of(client, path)
        data = {name: value.replace("\n", "\r\n") if isinstance(value, str) else value for name, value in data.items()}
        assert client.post(path, data).status_code == 302
        before = case.as_data()
        case.refresh_from_db()
        assert case.as_data() == before
        assert not case.revisions.exists()

    def test_written(self, client: Client, curator: User) -> None:
        suite = SuiteFactory()
        assert client.get(f"{CASES}add/").context["adminform"].form["input"].value() == ""
        body = {"suite": suite.pk, "query": "x", "expected": "", "state": "active", "tags": "a,b", "note": "n"}
        assert client.post(f"{CASES}add/", body).status_code == 302
        case = Case.objects.get()
        assert (case.query, case.expected, case.tags, case.note) == ("x", [], ["a", "b"], "n")
        assert (case.origin, case.created_by, case.input) == (CaseOrigin.WRITTEN, curator, {})
        assert case.external_id
        assert list(errors(client.post(f"{CASES}add/", body))) == ["query"]
        assert list(errors(client.post(f"{CASES}add/", {**body, "external_id": case.external_id}))) == ["external_id"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"query": "", "input": ""}, "query"),
            ({"query": "a\0"}, "query"),
            ({"input": "[]"}, "input"),
            ({"input": "{"}, "input"),
            ({"expected": "[5"}, "expected"),
            ({"filters": "language"}, "filters"),
            ({"tags": "x" * 101}, "tags"),
            ({"group": "x" * 501}, "group"),
            ({"state": "gone"}, "state"),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(self, client: Client, change: dict[str, str], field: str) -> None:
        case = CaseFactory()
        path = f"{CASES}{case.pk}/change/"
        assert list(errors(client.post(path, fields_of(client, path, **change)))) == [field]
        body = {"suite": case.suite_id, "query": "new", "state": "active", **change}
        assert list(errors(client.post(f"{CASES}add/", body))) == [field]
        assert not case.revisions.exists()
        assert Case.objects.count() == 1

    def test_accepted_retired_and_active_again(self, client: Client, curator: User) -> None:
        drafts = CaseFactory.create_batch(2, state=CaseState.DRAFT)
        active = CaseFactory()
        page = act(client, CASES, "accept_selected", [*drafts, active])
        assert "2 are asked by the next sweep." in page
        assert "is no draft any more" in page
        assert drafts[0].revisions.get().changed_by == curator
        assert "3 are retired now." in act(client, CASES, "retire_selected", [*drafts, active])
        draft = CaseFactory(state=CaseState.DRAFT)
        assert "1 are active now." in act(client, CASES, "reactivate_selected", [active, draft])
        assert set(Case.objects.active()) == {active}

    def test_a_draft_that_the_suite_has_is_said(self, client: Client) -> None:
        active = CaseFactory()
        draft = CaseFactory(suite=active.suite, query=active.query, state=CaseState.DRAFT)
        assert f"as case {active.pk}" in act(client, CASES, "accept_selected", [draft])
        draft.refresh_from_db()
        assert draft.state == CaseState.DRAFT

    def test_all_that_a_filter_finds(self, client: Client) -> None:
        found = CaseFactory.create_batch(60, suite=SuiteFactory(), made_by="typo")
        CaseFactory()
        data = {"action": "retire_selected", "_selected_action": [found[0].pk], "select_across": "1"}
        client.post(f"{CASES}?made_by=typo", data)
        assert Case.objects.filter(state=CaseState.RETIRED).count() == 60

    def test_none_is_deleted(self, client: Client) -> None:
        case = CaseFactory()
        client.force_login(UserFactory(role=Role.ADMIN))
        assert client.post(f"{CASES}{case.pk}/delete/", {"post": "yes"}).status_code == 403


class TestSchedules:
    def body(self, **changes: Any) -> dict[str, Any]:
        words = {"words": "every night at 2", "compare_with": "last_good", "enabled": "on"}
        return {"suite": SuiteFactory().pk, **words, **changes}

    def test_what_cannot_be_read_is_kept_until_it_is_entered_again(
        self, client: Client, curator: User, settings: Any
    ) -> None:
        schedule = ScheduleFactory(webhook_url="https://93.184.216.34/a", webhook_secret="old")
        settings.SECRETS_KEYS = [make_key()]
        assert "cannot be read: enter it again" in client.get(SCHEDULES).content.decode()
        path = f"{SCHEDULES}{schedule.pk}/change/"
        assert client.post(path, fields_of(client, path, words="every hour")).status_code == 302
        assert Schedule.objects.get().unreadable == ["webhook_url", "webhook_secret"]
        hook = {"webhook_url": "https://93.184.216.34/b", "webhook_secret": "new"}
        assert client.post(path, fields_of(client, path, **hook)).status_code == 302
        assert (Schedule.objects.get().webhook_secret, Schedule.objects.get().unreadable) == ("new", [])

    def test_written_in_words(self, client: Client, curator: User) -> None:
        secret = {"webhook_url": "https://93.184.216.34/hook", "webhook_secret": "s3cret"}
        body = self.body(emails="a@example.com, b@example.com", **secret)
        assert client.post(f"{SCHEDULES}add/", body).status_code == 302
        schedule = Schedule.objects.get()
        assert schedule.emails == ["a@example.com", "b@example.com"]
        assert (schedule.webhook_secret, schedule.created_by) == ("s3cret", curator)
        assert schedule.periodic_task.crontab.hour == "2"
        path = f"{SCHEDULES}{schedule.pk}/change/"
        assert "s3cret" not in client.get(path).content.decode()
        changes = fields_of(client, path, words="every Monday at 6:30")
        changes.pop("enabled")
        assert client.post(path, changes).status_code == 302
        schedule = Schedule.objects.get()
        assert (schedule.words, schedule.webhook_secret) == ("every Monday at 6:30", "s3cret")
        assert not schedule.periodic_task.enabled

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"words": "now and then"}, "words"),
            ({"emails": "nobody"}, "emails"),
            ({"webhook_url": "ftp://example.com"}, "webhook_url"),
            ({"compare_with": "yesterday"}, "compare_with"),
            ({"suite": "999999"}, "suite"),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(self, client: Client, change: dict[str, str], field: str) -> None:
        assert list(errors(client.post(f"{SCHEDULES}add/", self.body(**change)))) == [field]
        assert not Schedule.objects.exists()

    def test_what_only_the_service_knows_is_said_above(self, client: Client) -> None:
        response = client.post(f"{SCHEDULES}add/", self.body(compare_with="pinned"), follow=True)
        assert "Nothing was saved. compare_with: the suite has no pinned baseline" in response.content.decode()
        assert not Schedule.objects.exists()

    def test_list_says_how_each_stands(self, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for number in (1, 5):
            schedules = [ScheduleFactory() for _ in range(number)]
            client.get(SCHEDULES)
            with django_assert_num_queries(5):  # user, count, rows, all schedules, their last runs
                client.get(SCHEDULES)
        run = RunFactory(schedule=schedules[0], suite=schedules[0].suite)
        task = schedules[1].periodic_task
        task.enabled = False
        task.save()
        shown = {row.pk: row.status for row in rows(client.get(SCHEDULES))}
        assert shown[schedules[0].pk].last_run == run
        assert not shown[schedules[1].pk].enabled

    def test_deleted_with_what_beat_keeps(self, client: Client) -> None:
        one, *others = [ScheduleFactory() for _ in range(3)]
        assert client.post(f"{SCHEDULES}{one.pk}/delete/", {"post": "yes"}).status_code == 302
        act(client, SCHEDULES, "delete_selected", others, post="yes")
        assert not Schedule.objects.exists()
        assert not type(one.periodic_task).objects.exists()


class TestPanel:
    def test_says_how_sweeps_stand(self, client: Client) -> None:
        old = ReportFactory(verdict="worse")
        worse = ReportFactory(verdict="worse", run__suite=old.run.suite)
        CaseFactory.create_batch(2, state=CaseState.DRAFT)
        [panel] = [panel for panel in client.get("/admin/").context["panels"] if panel.title == "Sweeps"]
        figures = {figure.label: (figure.value, figure.warns) for figure in panel.figures}
        assert figures == {
            worse.run.suite.name: ("Worse", True),
            "Drafts waiting": ("2", False),
            "To acknowledge": ("2", True),
            "Schedules overdue": ("0", False),
        }
        for figure in panel.figures:
            assert client.get(figure.link).status_code == 200
